#!/usr/bin/env python3
"""A sensor sends measurements to a gateway, and the gateway passes them on to a collector on the network.

    Examples/sensor_and_gateway.py SENSOR GATEWAY [--ssid SSID] [--password PASSWORD] [--host HOST]

SENSOR and GATEWAY are the ports of two modules. The gateway's is a station of the network SSID and an access point for
the sensor at the same time. The collector is a server that the script starts on 127.0.0.1; the gateway calls it HOST.
"""

import argparse
import socket
import sys

from at_module import Module

MEASUREMENTS = [f"{20 + number / 4:.2f}" for number in range(8)]


def start_gateway(gateway, options, collector_port):
    """Joins the network, calls the collector on link 0, and waits for sensors."""
    gateway.command("AT+CWMODE=3")
    gateway.command('AT+CWSAP="Sensors","measure1",6,3')
    gateway.command(f'AT+CWJAP="{options.ssid}","{options.password}"')
    gateway.command("AT+CIPMUX=1")
    gateway.command(f'AT+CIPSTART=0,"TCP","{options.host}",{collector_port}')
    gateway.command("AT+CIPSERVER=1,80")


def start_sensor(sensor):
    """Joins the gateway's own network and calls the gateway."""
    sensor.command("AT+CWMODE=1")
    sensor.command('AT+CWJAP="Sensors","measure1"')
    sensor.command('AT+CIPSTART="TCP","192.168.4.1",80')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sensor")
    parser.add_argument("gateway")
    parser.add_argument("--ssid", default="Office")
    parser.add_argument("--password", default="secret12")
    parser.add_argument("--host", default="collector.test")
    options = parser.parse_args()
    sensor, gateway = Module(options.sensor, "sensor"), Module(options.gateway, "gateway")
    collector = socket.create_server(("127.0.0.1", 0))

    start_gateway(gateway, options, collector.getsockname()[1])
    collected = collector.accept()[0].makefile()
    start_sensor(sensor)
    for measurement in MEASUREMENTS:
        sensor.send(f"{measurement}\n".encode())
        received, _ = gateway.receive()
        gateway.send(received, link=0)
    sensor.command("AT+CIPCLOSE")
    gateway.wait_for(rb"1,CLOSED\r\n")

    lines = [collected.readline().strip() for _ in MEASUREMENTS]
    print(f"The collector has {len(lines)} measurements: {', '.join(lines)}")
    sys.exit(0 if lines == MEASUREMENTS else 1)


if __name__ == "__main__":
    main()
