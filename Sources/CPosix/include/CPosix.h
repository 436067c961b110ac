// What Glibc's Swift module does not offer: calls behind _GNU_SOURCE and headers that clash with each other.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// --- Network (ATNetwork; network.c) ---
// Addresses and ports are in the host's byte order. Every function returns a negated errno when it fails, and zero,
// or what its comment says, when it succeeds.

/// A bound TCP socket that does not listen; returns the descriptor.
int cposix_tcp_bind(uint32_t address, uint16_t port, bool reuse);
/// Makes a bound socket listen; what it accepts has the receive buffer of `receive_buffer` bytes.
int cposix_tcp_listen(int descriptor, int backlog, int receive_buffer);
int cposix_set_reuse(int descriptor, bool reuse);
/// The port to which a socket is bound.
int cposix_local_port(int descriptor);
/// How many bytes of a TCP socket the far end has not acknowledged, a FIN counts as one (SIOCOUTQ).
int cposix_unacknowledged(int descriptor);
/// Sends FIN after what was written.
int cposix_shutdown_output(int descriptor);
/// The next close sends RST.
int cposix_reset_on_close(int descriptor);
/// A bound UDP socket; returns the descriptor.
int cposix_udp_bind(uint32_t address, uint16_t port, bool broadcast);
/// From now on only this peer is heard.
int cposix_udp_connect(int descriptor, uint32_t address, uint16_t port);
/// Sends one datagram, or an ICMP message, without waiting.
int cposix_send_to(int descriptor, const void *bytes, size_t count, uint32_t address, uint16_t port);
/// An ICMP socket, raw or of datagrams; returns the descriptor. A raw one receives echo replies only.
int cposix_icmp_socket(bool raw);
/// Asks the system's resolver for the first IPv4 address; returns zero or a code of getaddrinfo. Blocks.
int cposix_resolve_ipv4(const char *name, uint32_t *address);
/// Runs a program of PATH without a shell, reads what it prints and ends it when it has closed its output, printed
/// `capacity` bytes or used up its time; returns how many bytes it printed. Blocks.
int cposix_run(
    const char *program, char *const arguments[], char *output, size_t capacity, int limit_milliseconds);
// --- end of Network ---

// --- Serial lines (ATSerial; serial.c) ---
// Functions return 0, or a negated errno when they fail, unless their comment says otherwise.

enum { CPOSIX_PARITY_NONE = 0, CPOSIX_PARITY_ODD = 1, CPOSIX_PARITY_EVEN = 2 };

/// The settings of a UART; everything else about the line is raw.
struct cposix_line_settings {
    unsigned baud;
    unsigned data_bits;
    unsigned parity;
    int two_stop_bits;
    int hardware_flow_control;
};

/// The settings of a terminal line as found, to be put back.
struct cposix_line_saved {
    _Alignas(8) unsigned char bytes[64];
};

/// A pseudo-terminal: both ends open, the slave raw at 115200 8N1.
struct cposix_pty {
    int master;
    int slave;
    char path[64];
};

int cposix_pty_open(struct cposix_pty *pty);
int cposix_line_save(int descriptor, struct cposix_line_saved *saved);
int cposix_line_restore(int descriptor, const struct cposix_line_saved *saved);
int cposix_line_configure(int descriptor, const struct cposix_line_settings *settings);
/// Makes a line raw again and leaves its rate and framing.
int cposix_line_make_raw(int descriptor);
/// The settings of a line; the rate is that of output. Of a pseudo-terminal, Linux keeps neither data bits nor parity.
int cposix_line_read(int descriptor, struct cposix_line_settings *settings);
int cposix_line_baud(int descriptor, unsigned *baud);
int cposix_line_set_exclusive(int descriptor, int exclusive);
/// What has come and was not read; what was written and has not left.
int cposix_line_discard_input(int descriptor);
int cposix_line_discard_output(int descriptor);
int cposix_line_unsent(int descriptor, int *count);
int cposix_descriptor_unread(int descriptor, int *count);
/// Puts an event that means nothing into the queue of an inotify descriptor.
int cposix_inotify_touch(int inotify);
/// 0: somebody is bound to this socket file; -ECONNREFUSED: nobody is.
int cposix_unix_socket_probe(const char *path);

/// Whether a process still holds the other end of a TCP connection; known for peers on this machine only.
enum cposix_peer { CPOSIX_PEER_UNKNOWN, CPOSIX_PEER_PRESENT, CPOSIX_PEER_GONE };
enum cposix_peer cposix_tcp_peer(int descriptor);

// --- end of serial lines ---

#endif
