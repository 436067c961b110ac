// Times `AT` to its answer on a serial port, as a driver sees it: one blocking write, then reads until all has come.
//
//   roundtrip pty PATH REPLY COUNT     REPLY is how many bytes one answer has
//   roundtrip tcp PORT REPLY COUNT
//
// First it sends ATE0 and takes what comes until it is quiet; then 500 round trips that are not counted, then COUNT.
// Prints p50 and p99 in nanoseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { warm_up = 500, quiet_milliseconds = 200, answer_milliseconds = 5000, most_counts = 1000000 };

static void fail(const char *what) {
    perror(what);
    exit(74);
}

static int open_terminal(const char *path) {
    int descriptor = open(path, O_RDWR | O_NOCTTY);
    struct termios settings;
    if (descriptor < 0 || tcgetattr(descriptor, &settings) != 0) fail(path);
    cfmakeraw(&settings);
    if (tcsetattr(descriptor, TCSANOW, &settings) != 0) fail("tcsetattr");
    return descriptor;
}

static int open_tcp(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0
        || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        fail("connect");
    return descriptor;
}

static void send_text(int descriptor, const char *text) {
    size_t count = strlen(text);
    if (write(descriptor, text, count) != (ssize_t)count) fail("write");
}

static int has_input(int descriptor, int milliseconds) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int result = poll(&wanted, 1, milliseconds);
    if (result < 0) fail("poll");
    return result;
}

static void settle(int descriptor) {
    char buffer[4096];
    send_text(descriptor, "ATE0\r\n");
    while (has_input(descriptor, quiet_milliseconds))
        if (read(descriptor, buffer, sizeof buffer) <= 0) fail("read");
}

// One round trip in nanoseconds.
static uint64_t round_trip(int descriptor, size_t reply) {
    char buffer[256];
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    send_text(descriptor, "AT\r\n");
    for (size_t received = 0; received < reply;) {
        ssize_t count = read(descriptor, buffer, sizeof buffer);
        if (count <= 0) fail("read");
        received += (size_t)count;
        if (received > reply) {
            fprintf(stderr, "an answer of %zu bytes, not %zu\n", received, reply);
            exit(1);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (uint64_t)(after.tv_sec - before.tv_sec) * 1000000000u + (uint64_t)after.tv_nsec - (uint64_t)before.tv_nsec;
}

static int ascending(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int main(int argument_count, char **arguments) {
    int is_terminal = argument_count == 5 && strcmp(arguments[1], "pty") == 0;
    int is_tcp = argument_count == 5 && strcmp(arguments[1], "tcp") == 0;
    int reply = argument_count == 5 ? atoi(arguments[3]) : 0, count = argument_count == 5 ? atoi(arguments[4]) : 0;
    if (!(is_terminal || is_tcp) || reply < 1 || count < 1 || count > most_counts) {
        fprintf(stderr, "usage: roundtrip pty PATH REPLY COUNT | roundtrip tcp PORT REPLY COUNT\n");
        return 64;
    }
    // An answer that never comes ends the process, and with it the benchmark.
    alarm(answer_milliseconds / 1000 + (unsigned)count / 1000);
    int descriptor = is_terminal ? open_terminal(arguments[2]) : open_tcp(atoi(arguments[2]));
    settle(descriptor);
    uint64_t *times = calloc((size_t)count, sizeof *times);
    if (times == NULL) fail("calloc");
    for (int index = 0; index < warm_up; index += 1) round_trip(descriptor, (size_t)reply);
    for (int index = 0; index < count; index += 1) times[index] = round_trip(descriptor, (size_t)reply);
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("%llu %llu\n", (unsigned long long)times[count / 2], (unsigned long long)times[(size_t)count * 99 / 100]);
    free(times);
    close(descriptor);
    return 0;
}
