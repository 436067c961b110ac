// Serial lines: pseudo-terminals, UARTs with any baud rate, and two questions only the kernel can answer.
// The line settings go through termios2 (asm/termbits.h), because termios.h, which clashes with it, knows no odd rates.
#define _GNU_SOURCE
#include "CPosix.h"

#include <arpa/inet.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(struct termios2) <= sizeof(struct cposix_line_saved), "a saved line must hold a termios2");

// What the Swift side wants of a call: 0 or a negated errno.
static int result(int returned) {
    return returned < 0 ? -errno : 0;
}

int cposix_line_save(int descriptor, struct cposix_line_saved *saved) {
    return result(ioctl(descriptor, TCGETS2, saved->bytes));
}

int cposix_line_restore(int descriptor, const struct cposix_line_saved *saved) {
    return result(ioctl(descriptor, TCSETS2, saved->bytes));
}

static tcflag_t character_size(unsigned data_bits) {
    switch (data_bits) {
    case 5: return CS5;
    case 6: return CS6;
    case 7: return CS7;
    default: return CS8;
    }
}

// The bits that name a rate, so that termios.h can read it too; rates without a name are "other".
static tcflag_t rate_name(unsigned baud) {
    static const struct {
        unsigned baud;
        tcflag_t name;
    } names[] = {
        {300, B300}, {600, B600}, {1200, B1200}, {2400, B2400}, {4800, B4800}, {9600, B9600}, {19200, B19200},
        {38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400}, {460800, B460800},
        {500000, B500000}, {576000, B576000}, {921600, B921600}, {1000000, B1000000}, {1152000, B1152000},
        {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000},
        {4000000, B4000000},
    };
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        if (names[index].baud == baud) {
            return names[index].name;
        }
    }
    return BOTHER;
}

int cposix_line_configure(int descriptor, const struct cposix_line_settings *settings) {
    struct termios2 line;
    if (ioctl(descriptor, TCGETS2, &line) < 0) {
        return -errno;
    }
    line.c_iflag = settings->parity == CPOSIX_PARITY_NONE ? 0 : INPCK;
    line.c_oflag = 0;
    line.c_lflag = 0;
    tcflag_t rate = rate_name(settings->baud);
    line.c_cflag = rate | (rate << IBSHIFT) | CREAD | CLOCAL | character_size(settings->data_bits);
    if (settings->parity != CPOSIX_PARITY_NONE) {
        line.c_cflag |= PARENB | (settings->parity == CPOSIX_PARITY_ODD ? PARODD : 0);
    }
    // The UART sends one and a half stop bits when it is asked for two with five data bits.
    if (settings->two_stop_bits) {
        line.c_cflag |= CSTOPB;
    }
    if (settings->hardware_flow_control) {
        line.c_cflag |= CRTSCTS;
    }
    line.c_ispeed = settings->baud;
    line.c_ospeed = settings->baud;
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    return result(ioctl(descriptor, TCSETS2, &line));
}

int cposix_line_make_raw(int descriptor) {
    struct termios2 line;
    if (ioctl(descriptor, TCGETS2, &line) < 0) {
        return -errno;
    }
    line.c_iflag = 0;
    line.c_oflag = 0;
    line.c_lflag = 0;
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    return result(ioctl(descriptor, TCSETS2, &line));
}

static unsigned data_bits(tcflag_t control) {
    switch (control & CSIZE) {
    case CS5: return 5;
    case CS6: return 6;
    case CS7: return 7;
    default: return 8;
    }
}

int cposix_line_read(int descriptor, struct cposix_line_settings *settings) {
    struct termios2 line;
    if (ioctl(descriptor, TCGETS2, &line) < 0) {
        return -errno;
    }
    settings->baud = line.c_ospeed;
    settings->data_bits = data_bits(line.c_cflag);
    settings->parity = CPOSIX_PARITY_NONE;
    if (line.c_cflag & PARENB) {
        settings->parity = line.c_cflag & PARODD ? CPOSIX_PARITY_ODD : CPOSIX_PARITY_EVEN;
    }
    settings->two_stop_bits = (line.c_cflag & CSTOPB) != 0;
    settings->hardware_flow_control = (line.c_cflag & CRTSCTS) != 0;
    return 0;
}

int cposix_line_baud(int descriptor, unsigned *baud) {
    struct termios2 line;
    int error = result(ioctl(descriptor, TCGETS2, &line));
    *baud = error == 0 ? line.c_ospeed : 0;
    return error;
}

int cposix_line_set_exclusive(int descriptor, int exclusive) {
    return result(ioctl(descriptor, exclusive ? TIOCEXCL : TIOCNXCL));
}

int cposix_line_discard_input(int descriptor) {
    return result(ioctl(descriptor, TCFLSH, TCIFLUSH));
}

int cposix_line_discard_output(int descriptor) {
    return result(ioctl(descriptor, TCFLSH, TCOFLUSH));
}

int cposix_line_unsent(int descriptor, int *count) {
    return result(ioctl(descriptor, TIOCOUTQ, count));
}

int cposix_descriptor_unread(int descriptor, int *count) {
    return result(ioctl(descriptor, FIONREAD, count));
}

int cposix_pty_open(struct cposix_pty *pty) {
    static const struct cposix_line_settings standard = {
        .baud = 115200, .data_bits = 8, .parity = CPOSIX_PARITY_NONE};
    int error;
    pty->slave = -1;
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->master < 0) {
        return -errno;
    }
    if (grantpt(pty->master) < 0 || unlockpt(pty->master) < 0) {
        goto failed;
    }
    if ((errno = ptsname_r(pty->master, pty->path, sizeof pty->path)) != 0) {
        goto failed;
    }
    if ((pty->slave = open(pty->path, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
        goto failed;
    }
    if (cposix_line_configure(pty->slave, &standard) < 0) {
        goto failed;
    }
    return 0;

failed:
    error = -errno;
    if (pty->slave >= 0) {
        close(pty->slave);
    }
    close(pty->master);
    return error;
}

int cposix_inotify_touch(int inotify) {
    int watch = inotify_add_watch(inotify, "/", IN_DELETE_SELF);
    return watch < 0 ? -errno : result(inotify_rm_watch(inotify, watch));
}

int cposix_unix_socket_probe(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    // A datagram socket asks without being let in: a live listener answers EPROTOTYPE and never hears of it.
    int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) {
        return -errno;
    }
    int error = result(connect(probe, (const struct sockaddr *)&address, sizeof address));
    close(probe);
    return error == -EPROTOTYPE ? 0 : error;
}

// An address of ours, as inet_diag wants it; an IPv4 address inside an IPv6 socket is looked up as IPv6.
static int diagnostic_address(const struct sockaddr_storage *address, __be32 *words, __be16 *port) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        memcpy(words, &in->sin_addr, sizeof in->sin_addr);
        *port = in->sin_port;
        return 1;
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
        memcpy(words, &in6->sin6_addr, sizeof in6->sin6_addr);
        *port = in6->sin6_port;
        return 1;
    }
    return 0;
}

// Loopback, or the same address at both ends: the other socket is on this machine.
static int is_local(const struct sockaddr_storage *peer, const struct inet_diag_sockid *id) {
    if (memcmp(id->idiag_src, id->idiag_dst, sizeof id->idiag_src) == 0) {
        return 1;
    }
    return peer->ss_family == AF_INET && (ntohl(id->idiag_src[0]) >> 24) == 127;
}

struct diagnostic_request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

// The answer about the one socket asked for: a message, or an error.
union diagnostic_answer {
    struct nlmsghdr header;
    char bytes[1024];
};

static enum cposix_peer ask(const struct diagnostic_request *request) {
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) {
        return CPOSIX_PEER_UNKNOWN;
    }
    union diagnostic_answer answer;
    ssize_t count = -1;
    if (send(netlink, request, sizeof *request, 0) == (ssize_t)sizeof *request) {
        // The kernel has put the answer into our queue before send returned.
        count = recv(netlink, &answer, sizeof answer, MSG_DONTWAIT);
    }
    close(netlink);
    if (count < 0 || !NLMSG_OK(&answer.header, (size_t)count)) {
        return CPOSIX_PEER_UNKNOWN;
    }
    if (answer.header.nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
        return error->error == -ENOENT ? CPOSIX_PEER_GONE : CPOSIX_PEER_UNKNOWN;
    }
    const struct inet_diag_msg *message = NLMSG_DATA(&answer.header);
    return message->idiag_inode == 0 ? CPOSIX_PEER_GONE : CPOSIX_PEER_PRESENT;
}

enum cposix_peer cposix_tcp_peer(int descriptor) {
    struct sockaddr_storage local = {0}, peer = {0};
    socklen_t local_length = sizeof local, peer_length = sizeof peer;
    if (getsockname(descriptor, (struct sockaddr *)&local, &local_length) < 0) {
        return CPOSIX_PEER_UNKNOWN;
    }
    if (getpeername(descriptor, (struct sockaddr *)&peer, &peer_length) < 0) {
        return errno == ENOTCONN ? CPOSIX_PEER_GONE : CPOSIX_PEER_UNKNOWN;
    }
    struct diagnostic_request request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = (unsigned char)peer.ss_family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u},
    };
    struct inet_diag_sockid *id = &request.body.id;
    id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    // The peer's socket has our addresses the other way round.
    if (!diagnostic_address(&peer, id->idiag_src, &id->idiag_sport)
        || !diagnostic_address(&local, id->idiag_dst, &id->idiag_dport) || !is_local(&peer, id)) {
        return CPOSIX_PEER_UNKNOWN;
    }
    return ask(&request);
}
