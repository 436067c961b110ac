import Glibc

/// Lines to standard error.
enum StandardError {
    static func write(_ line: String) { writeLine(line, to: STDERR_FILENO) }
}

/// Lines to standard output, each in one piece and at once, so that a script that reads them need not wait.
enum StandardOutput {
    static func write(_ line: String) { writeLine(line, to: STDOUT_FILENO) }
}

/// The three descriptors that every program counts on.
enum StandardDescriptors {
    /// A closed one is opened to nothing; otherwise the next thing that is opened would take its number, and our words
    /// would go there.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = Glibc.open("/dev/null", O_RDWR)
        }
    }
}

/// A reader that has gone is no reason to stop: what is said here is said in passing.
private func writeLine(_ line: String, to descriptor: CInt) {
    let bytes = Array((line + "\n").utf8)
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EAGAIN {
            // Who started us has made it non-blocking.
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, -1)
        } else if count < 0 && errno != EINTR {
            return
        }
        written += max(0, count)
    }
}
