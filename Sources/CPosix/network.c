// The socket calls of ATNetwork that Swift's view of Glibc lacks or makes awkward. Linux only.
#define _GNU_SOURCE
#include "CPosix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/icmp.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in internet_address(uint32_t address, uint16_t port) {
    struct sockaddr_in result;
    memset(&result, 0, sizeof result);
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(address);
    result.sin_port = htons(port);
    return result;
}

static int set_option(int descriptor, int option, int value) {
    return setsockopt(descriptor, SOL_SOCKET, option, &value, sizeof value) == 0 ? 0 : -errno;
}

// Closes the descriptor and passes the error on.
static int give_up(int descriptor, int error) {
    close(descriptor);
    return error;
}

static int bind_to(int descriptor, uint32_t address, uint16_t port) {
    struct sockaddr_in where = internet_address(address, port);
    return bind(descriptor, (struct sockaddr *)&where, sizeof where) == 0 ? 0 : -errno;
}

int cposix_tcp_bind(uint32_t address, uint16_t port, bool reuse) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    int error = reuse ? set_option(descriptor, SO_REUSEADDR, 1) : 0;
    if (error == 0) error = bind_to(descriptor, address, port);
    return error == 0 ? descriptor : give_up(descriptor, error);
}

int cposix_tcp_listen(int descriptor, int backlog, int receive_buffer) {
    int error = set_option(descriptor, SO_RCVBUF, receive_buffer);
    if (error != 0) return error;
    return listen(descriptor, backlog) == 0 ? 0 : -errno;
}

int cposix_set_reuse(int descriptor, bool reuse) { return set_option(descriptor, SO_REUSEADDR, reuse ? 1 : 0); }

int cposix_local_port(int descriptor) {
    struct sockaddr_in where;
    socklen_t length = sizeof where;
    if (getsockname(descriptor, (struct sockaddr *)&where, &length) != 0) return -errno;
    return ntohs(where.sin_port);
}

int cposix_unacknowledged(int descriptor) {
    int count = 0;
    return ioctl(descriptor, SIOCOUTQ, &count) == 0 ? count : -errno;
}

int cposix_shutdown_output(int descriptor) { return shutdown(descriptor, SHUT_WR) == 0 ? 0 : -errno; }

int cposix_reset_on_close(int descriptor) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

int cposix_udp_bind(uint32_t address, uint16_t port, bool broadcast) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    int error = broadcast ? set_option(descriptor, SO_BROADCAST, 1) : 0;
    if (error == 0) error = bind_to(descriptor, address, port);
    return error == 0 ? descriptor : give_up(descriptor, error);
}

int cposix_udp_connect(int descriptor, uint32_t address, uint16_t port) {
    struct sockaddr_in where = internet_address(address, port);
    return connect(descriptor, (struct sockaddr *)&where, sizeof where) == 0 ? 0 : -errno;
}

int cposix_send_to(int descriptor, const void *bytes, size_t count, uint32_t address, uint16_t port) {
    struct sockaddr_in where = internet_address(address, port);
    ssize_t sent = sendto(descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&where, sizeof where);
    return sent >= 0 ? 0 : -errno;
}

int cposix_icmp_socket(bool raw) {
    int descriptor = socket(AF_INET, (raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
    if (descriptor < 0) return -errno;
    if (!raw) return descriptor;
    // A set bit blocks a type. Everything but the echo reply is somebody else's.
    struct icmp_filter filter = {.data = ~(1u << ICMP_ECHOREPLY)};
    if (setsockopt(descriptor, SOL_RAW, ICMP_FILTER, &filter, sizeof filter) != 0) return give_up(descriptor, -errno);
    return descriptor;
}

int cposix_resolve_ipv4(const char *name, uint32_t *address) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int result = getaddrinfo(name, NULL, &hints, &list);
    if (result != 0) return result;
    *address = ntohl(((struct sockaddr_in *)list->ai_addr)->sin_addr.s_addr);
    freeaddrinfo(list);
    return 0;
}

static int64_t milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Reads until the end, the capacity or the deadline; returns the count.
static size_t read_output(int descriptor, char *output, size_t capacity, int64_t deadline) {
    size_t count = 0;
    while (count < capacity) {
        int64_t left = deadline - milliseconds_now();
        struct pollfd wait = {.fd = descriptor, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) break;
        ssize_t got = read(descriptor, output + count, capacity - count);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        count += (size_t)got;
    }
    return count;
}

static int spawn(const char *program, char *const arguments[], int output, pid_t *process) {
    // A fixed locale, so that numbers have a point.
    static char locale[] = "LC_ALL=C";
    static char *const environment[] = {locale, NULL};
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return -error;
    error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (error == 0) error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    // No port, socket or flash file of ours may live on in the child.
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (error == 0) error = posix_spawnp(process, program, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

int cposix_run(
    const char *program, char *const arguments[], char *output, size_t capacity, int limit_milliseconds) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    pid_t process = 0;
    int error = spawn(program, arguments, ends[1], &process);
    close(ends[1]);
    if (error != 0) return give_up(ends[0], error);
    size_t count = read_output(ends[0], output, capacity, milliseconds_now() + limit_milliseconds);
    close(ends[0]);
    // It has said what it had to say, or its time is over; without this the wait below could be without end.
    kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
    }
    return (int)count;
}
