// The floor for the round trip: a blocking loop that writes back what it reads, on a pseudo-terminal or on TCP.
//
//   echo pty    prints the path of the terminal
//   echo tcp    prints the port on 127.0.0.1
//
// It serves one client after the other until it is killed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(74);
}

// Returns when the other end has gone.
static void echo(int descriptor) {
    char buffer[4096];
    for (;;) {
        ssize_t count = read(descriptor, buffer, sizeof buffer);
        if (count <= 0) return;
        for (ssize_t written = 0; written < count;) {
            ssize_t result = write(descriptor, buffer + written, (size_t)(count - written));
            if (result < 0) return;
            written += result;
        }
    }
}

static void echo_on_terminal(void) {
    int primary = posix_openpt(O_RDWR | O_NOCTTY);
    if (primary < 0 || grantpt(primary) != 0 || unlockpt(primary) != 0) fail("posix_openpt");
    // Held open as vesp holds it, so that clients may come and go.
    int secondary = open(ptsname(primary), O_RDWR | O_NOCTTY);
    struct termios settings;
    if (secondary < 0 || tcgetattr(secondary, &settings) != 0) fail("open the terminal");
    cfmakeraw(&settings);
    if (tcsetattr(secondary, TCSANOW, &settings) != 0) fail("tcsetattr");
    printf("%s\n", ptsname(primary));
    fflush(stdout);
    echo(primary);
}

static void echo_on_tcp(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0
        || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        fail("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) fail("accept");
        int on = 1;
        if (setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
        echo(client);
        close(client);
    }
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "pty") == 0) {
        echo_on_terminal();
    } else if (count == 2 && strcmp(arguments[1], "tcp") == 0) {
        echo_on_tcp();
    } else {
        fprintf(stderr, "usage: echo pty|tcp\n");
        return 64;
    }
    return 0;
}
