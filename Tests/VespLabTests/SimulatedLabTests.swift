import ATAir
import ATPrimitives
import ATSimulation
import Foundation
import Testing

@testable import VespLab

@Suite("A lab file in simulated time")
struct SimulatedLabTests {
    private static let example = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Examples/sensor-and-gateway.yaml").path

    /// As `Examples/sensor_and_gateway.py` has it.
    private static let measurements = ["20", "21"].flatMap { whole in
        ["00", "25", "50", "75"].map { "\(whole).\($0)\n" }
    }

    private static let gateway: [SimulatedHost.Step] =
        [
            .command("AT+CWMODE=3"), .command("AT+CWSAP=\"Sensors\",\"measure1\",6,3"),
            .command("AT+CWJAP=\"Office\",\"secret12\""), .command("AT+CIPMUX=1"),
            .command("AT+CIPSTART=0,\"TCP\",\"collector.test\",9000"), .command("AT+CIPSERVER=1,80"),
        ]
        + measurements.flatMap { text -> [SimulatedHost.Step] in
            [
                .ask([], until: Array("+IPD,1,6:\(text)".utf8)),
                .command("AT+CIPSEND=0,6", until: "> "), .bytes(text, until: "SEND OK\r\n"),
            ]
        }

    private static let sensor: [SimulatedHost.Step] =
        [
            .pause(.seconds(10)), .command("AT+CWMODE=1"), .command("AT+CWJAP=\"Sensors\",\"measure1\""),
            .command("AT+CIPSTART=\"TCP\",\"192.168.4.1\",80"),
        ]
        + measurements.flatMap { text -> [SimulatedHost.Step] in
            [.command("AT+CIPSEND=6", until: "> "), .bytes(text, until: "SEND OK\r\n"), .pause(.seconds(1))]
        }

    /// Runs the lab of the example with its two hosts, and a collector for the gateway.
    private func exampleStory(seed: UInt64) throws -> HostedLab {
        var lab = try SimulatedLab(try LabConfiguration.load(path: Self.example), seed: seed)
        let collector = Endpoint(address: .loopback, port: 9000)
        lab.setAnswer(.address(collector.address), for: Array("collector.test".utf8))
        lab.setPeer(collector, .accepts)
        try lab.boot()
        var hosted = HostedLab(lab)
        for module in lab.moduleIDs {
            let steps = lab.name(of: module) == "gateway" ? Self.gateway : Self.sensor
            hosted.attach(SimulatedHost(steps, start: lab.now), to: module)
        }
        try hosted.run(for: .seconds(60))
        return hosted
    }

    @Test("the same lab, hosts and seed give the same bytes on every port at the same instants")
    func example() throws {
        var story = try exampleStory(seed: 7)
        #expect(story.isDone)
        let gateway = try #require(story.lab.moduleIDs.first { story.lab.name(of: $0) == "gateway" })
        let sent = story.lab.takeRequests(of: gateway).compactMap { request -> [UInt8]? in
            if case .send(0, let bytes) = request { bytes } else { nil }
        }
        #expect(sent == Self.measurements.map { Array($0.utf8) })
        #expect(try exampleStory(seed: 7).heard == story.heard)
    }

    /// A lab whose radio is not to be relied on.
    private func lossyStory(seed: UInt64) throws -> [HostedLab.Utterance] {
        let configuration = try lab(
            """
            air:
              accessPoints:
                - { ssid: attic, rssi: -80, fading: 10, latency: 5ms, jitter: 20ms, loss: "10%", subnet: 10.0.0.0/24 }
            modules:
              - name: module-{n}
                count: 4
            """)
        var lab = try SimulatedLab(configuration, seed: seed)
        try lab.boot()
        var hosted = HostedLab(lab)
        for module in lab.moduleIDs {
            let pings = Array(repeating: SimulatedHost.Step.command("AT+PING=\"10.0.0.10\"", until: "\r\n+"), count: 20)
            let join = [SimulatedHost.Step.command("AT+CWMODE=1"), .command("AT+CWJAP=\"attic\",\"\"")]
            let server: [SimulatedHost.Step] = [.command("AT+CIPSTA=\"10.0.0.10\"")]
            hosted.attach(
                SimulatedHost(join + (module.number == 0 ? server : [.pause(.seconds(30))] + pings), start: lab.now),
                to: module)
        }
        try hosted.run(for: .seconds(120))
        #expect(hosted.isDone)
        return hosted.heard
    }

    @Test("so does a lab whose radio loses and delays, and another seed gives others")
    func seeds() throws {
        let story = try lossyStory(seed: 1)
        #expect(try lossyStory(seed: 1) == story)
        #expect(try lossyStory(seed: 2) != story)
    }
}
