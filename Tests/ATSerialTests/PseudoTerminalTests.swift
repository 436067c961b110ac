import CPosix
import Glibc
import Testing

@testable import ATSerial

@Suite struct PseudoTerminalTests {
    private static func path(_ module: EchoModule) async throws -> String {
        let location = try await module.loop.submit { module.port.location }.get()
        guard case .pseudoTerminal(let path, _) = location else { throw Timeout(description: "not a terminal") }
        return path
    }

    @Test("the slave is raw at 115200 8N1 without echo, before a client touches it")
    func isRaw() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let client = try TestClient.open(try await Self.path(module))
            var line = termios()
            #expect(tcgetattr(client.descriptor, &line) == 0)
            #expect(cfgetospeed(&line) == speed_t(B115200))
            #expect(cfgetispeed(&line) == speed_t(B115200))
            #expect(line.c_lflag & tcflag_t(ECHO | ICANON | ISIG) == 0)
            #expect(line.c_iflag & tcflag_t(ICRNL | IXON | ISTRIP) == 0)
            #expect(line.c_oflag & tcflag_t(OPOST) == 0)
            #expect(line.c_cflag & tcflag_t(CSIZE | PARENB | CSTOPB) == tcflag_t(CS8))
        }
    }

    @Test("every byte value passes both ways to a client that sets nothing")
    func everyByte() async throws {
        try await withModule(.pseudoTerminal(link: nil), isEcho: true) { module in
            let client = try TestClient.open(try await Self.path(module))
            let all = (0...255).map { UInt8($0) }
            try client.write(all)
            #expect(try client.read(256) == all)
        }
    }

    @Test("a client that opens, writes and closes at once is heard, and the port goes on working")
    func shortVisits() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let path = try await Self.path(module)
            for visit in 1...100 {
                let client = try TestClient.open(path)
                try client.write("AT\r\n")
                client.close()
                try await module.wait("visit \(visit)") { $0.received.count == 4 * visit }
            }
        }
    }

    @Test("a client that closes and opens again at once gets all of its own answers and no others")
    func backToBack() async throws {
        try await withModule(.pseudoTerminal(link: nil), isEcho: true) { module in
            let path = try await Self.path(module)
            for visit in 0..<300 {
                let client = try TestClient.open(path)
                let text = "visit \(visit)"
                try client.write(text)
                #expect(try client.readText(text.utf8.count) == text)
                client.close()
            }
        }
    }

    @Test("every client finds the line raw, whatever the one before it made of it, at the rate that it left")
    func isRawAgain() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let path = try await Self.path(module)
            let first = try TestClient.open(path)
            var line = termios()
            tcgetattr(first.descriptor, &line)
            line.c_lflag |= tcflag_t(ICANON | ECHO)
            line.c_iflag |= tcflag_t(ICRNL)
            cfsetspeed(&line, speed_t(B9600))
            #expect(tcsetattr(first.descriptor, TCSANOW, &line) == 0)
            first.close()
            var found = termios()
            try await waitUntil("the line is raw") {
                // Looking is a visit, too.
                let next = try TestClient.open(path)
                tcgetattr(next.descriptor, &found)
                return found.c_lflag & tcflag_t(ICANON | ECHO) == 0
            }
            #expect(found.c_iflag & tcflag_t(ICRNL) == 0)
            #expect(cfgetospeed(&found) == speed_t(B9600))
        }
    }

    @Test("a client that stopped the line or wanted it for itself leaves it to the next one as it found it")
    func selfish() async throws {
        try await withModule(.pseudoTerminal(link: nil), isEcho: true) { module in
            let path = try await Self.path(module)
            for _ in 0..<5 {
                let client = try TestClient.open(path)
                #expect(cposix_line_set_exclusive(client.descriptor, 1) == 0)
                try client.write("A")
                // An answer to the one before may come first.
                while try client.readText(1) != "A" {}
                tcflow(client.descriptor, TCOOFF)
                client.close()
                try await waitUntil("the line goes on") {
                    let next = try TestClient.open(path)
                    _ = fcntl(next.descriptor, F_SETFL, O_NONBLOCK)
                    return write(next.descriptor, "B", 1) == 1
                }
            }
        }
    }

    @Test("a client that wanted the line for itself shuts out neither us nor the next one, whoever runs this")
    func exclusive() async {
        await #expect(processExitsWith: .success) {
            // The administrator is never shut out.
            if getuid() == 0 { precondition(setuid(65_534) == 0) }
            try await withModule(.pseudoTerminal(link: nil), isEcho: true) { module in
                let path = try await Self.path(module)
                for round in 0..<20 {
                    var client: TestClient?
                    try await waitUntil("the port opens") {
                        do {
                            client = try TestClient.open(path)
                        } catch let error as TestClient.Failure where error.code == EBUSY {
                            // The one before is not known to have left.
                        }
                        return client != nil
                    }
                    try client?.write("A")
                    let answer = try client?.readText(1)
                    precondition(answer == "A", "round \(round)")
                    // Only now, since nobody can help who shuts us out while we look whether the one before has left.
                    precondition(cposix_line_set_exclusive(client?.descriptor ?? -1, 1) == 0)
                    client?.close()
                }
                precondition(module.state.withLock { $0.failure } == nil)
            }
        }
    }

    @Test("several clients may come at once, and those that stay get what is sent")
    func severalClients() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let path = try await Self.path(module)
            for round in 0..<100 {
                // Opened in one breath, so that the kernel merges the events.
                let stays = try TestClient.open(path)
                let leaves = try TestClient.open(path)
                leaves.close()
                try stays.write("A")
                try await module.wait("the byte") { $0.received.count == round + 1 }
                try await module.write("hello")
                #expect(try stays.readText(5) == "hello")
            }
        }
    }

    @Test("what a client did not read is not given to the next one, even when the line was full")
    func unreadIsDiscarded() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { module in
            let path = try await Self.path(module)
            let first = try TestClient.open(path)
            try first.write("A")
            try await module.wait("the client") { $0.received.count == 1 }
            let taken = try await module.writeUntilRefused(UInt8(ascii: "x"))
            #expect(taken < 65_536)
            first.close()
            try await module.wait("the module is let go on") { $0.canWriteCount == 1 }
            let second = try TestClient.open(path)
            try second.write("B")
            try await module.wait("the next client") { $0.received.count == 2 }
            try await module.write("hello")
            #expect(try second.readText(5) == "hello")
            #expect(!second.hasInput)
        }
    }

    @Test("the link leads to the slave, replaces another link, and goes when the port closes")
    func link() async throws {
        let directory = try TemporaryDirectory()
        let link = directory.file("vesp.tty")
        symlink("/nowhere", link)
        try await withModule(.pseudoTerminal(link: link), isEcho: true) { module in
            #expect(linkTarget(link) == (try await Self.path(module)))
            let client = try TestClient.open(link)
            try client.write("AT")
            #expect(try client.readText(2) == "AT")
        }
        #expect(linkTarget(link) == nil)
    }

    @Test("a link that somebody else has put there stays when the port closes")
    func foreignLink() async throws {
        let directory = try TemporaryDirectory()
        let link = directory.file("vesp.tty")
        try await withModule(.pseudoTerminal(link: link)) { _ in
            unlink(link)
            symlink("/dev/pts/9999999", link)
        }
        #expect(linkTarget(link) == "/dev/pts/9999999")
    }

    @Test("a file at the place of the link is an error and stays as it is")
    func fileInTheWay() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.makeFile("vesp.tty", Array("mine".utf8))
        let error = try await openingError(.pseudoTerminal(link: path))
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("remove what is there") == true)
        #expect(try contents(path) == Array("mine".utf8))
    }

    @Test("a link in a directory that does not exist is an error")
    func noDirectory() async throws {
        let error = try await openingError(.pseudoTerminal(link: "/nonexistent/vesp.tty"))
        #expect(error?.kind == .unavailable)
        #expect(error?.description == "pty:/nonexistent/vesp.tty cannot be made: No such file or directory")
    }

    @Test("more terminals than a user may have inotify instances work on one loop")
    func manyTerminals() async throws {
        try await withModule(.pseudoTerminal(link: nil)) { first in
            let loop = first.loop
            var modules: [EchoModule] = []
            for _ in 0..<150 {
                let port = try await SerialPort.open(.pseudoTerminal(link: nil), settings: .standard, on: loop).get()
                let module = EchoModule(port: port, on: loop)
                module.state.withLock { $0.isEcho = true }
                try await loop.submit {
                    port.delegate = module
                    port.start()
                }.get()
                modules.append(module)
            }
            let client = try TestClient.open(try await Self.path(modules[140]))
            try client.write("AT")
            #expect(try client.readText(2) == "AT")
            for module in modules {
                try await loop.flatSubmit { module.port.close() }.get()
            }
        }
    }
}
