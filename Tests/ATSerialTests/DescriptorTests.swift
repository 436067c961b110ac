import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import ATSerial

/// Every descriptor is closed once. Each test is a process of its own, so that all that are open are its own.
@Suite struct DescriptorTests {
    /// The numbers of the open descriptors.
    private static func openDescriptors() -> [CInt] {
        (0..<1024).filter { fcntl($0, F_GETFD) >= 0 }
    }

    /// A loop of its own, since those of the common group open what they need when they like.
    private static func makeLoop() -> any EventLoop {
        MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    }

    /// Opens a port, uses it and closes it; false if something is lacking.
    private static func openAndClose(_ specification: SerialSpecification, on loop: any EventLoop) async -> Bool {
        do {
            let port = try await SerialPort.open(specification, settings: .standard, on: loop).get()
            let location = try await loop.submit { port.location }.get()
            let isUsed = use(location)
            try await loop.flatSubmit { port.close() }.get()
            // NIO closes the rest in the next turn.
            try await loop.submit {}.get()
            return isUsed
        } catch {
            return false
        }
    }

    private static func use(_ location: SerialLocation) -> Bool {
        if case .standardStreams = location { return true }
        do {
            let client = try TestClient.connect(location)
            try client.write("AT")
            client.close()
            return true
        } catch {
            return false
        }
    }

    /// Ends the process of a test that has failed, and says why.
    private static func check(_ condition: Bool, _ message: @autoclosure () -> String) {
        guard !condition else { return }
        let text = Array("\(message())\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        exit(EXIT_FAILURE)
    }

    private static let specifications: [SerialSpecification] = [
        .pseudoTerminal(link: nil), .tcp(host: "127.0.0.1", port: 0), .rfc2217(host: "127.0.0.1", port: 0),
        .unix(path: "/tmp/vesp-serial-descriptors-\(getpid())"), .standardStreams,
    ]

    @Test("a port that opens and closes leaves no descriptor, however often")
    func rounds() async {
        await #expect(processExitsWith: .success) {
            let loop = Self.makeLoop()
            for specification in Self.specifications {
                // The first of all makes what stays, such as the threads' own.
                _ = await Self.openAndClose(specification, on: loop)
                let before = Self.openDescriptors()
                for _ in 0..<50 {
                    let isOpened = await Self.openAndClose(specification, on: loop)
                    Self.check(isOpened, "\(specification) does not open")
                }
                let after = Self.openDescriptors()
                Self.check(before == after, "\(specification): \(before) became \(after)")
            }
        }
    }

    @Test("a port that runs out of descriptors half-way gives back those that it has, and the next one opens")
    func exhaustion() async {
        await #expect(processExitsWith: .success) {
            let loop = Self.makeLoop()
            for specification in Self.specifications {
                _ = await Self.openAndClose(specification, on: loop)
                let before = Self.openDescriptors()
                var full = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &full)
                // Every place at which one can be missing, up to the one that is enough.
                for spare in 0..<20 {
                    var scarce = full
                    scarce.rlim_cur = rlim_t(Int(before.max() ?? 0) + 1 + spare)
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &scarce)
                    let isOpened = await Self.openAndClose(specification, on: loop)
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &full)
                    let after = Self.openDescriptors()
                    Self.check(before == after, "\(specification), \(spare) to spare: \(before) became \(after)")
                    if isOpened { break }
                }
                let isOpened = await Self.openAndClose(specification, on: loop)
                Self.check(isOpened, "\(specification) does not open again")
            }
        }
    }

    @Test("descriptors of which no channel can be made are closed, and once")
    func failures() async {
        await #expect(processExitsWith: .success) {
            struct Refusal: Error {}
            let loop = Self.makeLoop()
            _ = await Self.openAndClose(.pseudoTerminal(link: nil), on: loop)
            let before = Self.openDescriptors()
            for _ in 0..<10 {
                var pipes: [CInt] = [-1, -1]
                Self.check(pipe(&pipes) == 0, "no pipe")
                // The initializer fails, so that NIO closes them.
                let refused = pipes
                do {
                    _ = try await loop.flatSubmit {
                        DescriptorChannel.open(input: refused[0], output: refused[1], on: loop) { _ in throw Refusal() }
                    }.get()
                    Self.check(false, "the initializer did not fail")
                } catch {}
                // NIO does not want a file.
                let file = open("/proc/self/exe", O_RDONLY)
                do {
                    _ = try await loop.flatSubmit {
                        DescriptorChannel.open(input: file, output: nil, on: loop) { _ in }
                    }.get()
                    Self.check(false, "a file was accepted")
                } catch {}
                Self.check(before == Self.openDescriptors(), "\(before) became \(Self.openDescriptors())")
            }
        }
    }

    @Test("a descriptor that NIO has closed is not closed again, when its number is somebody else's")
    func closedOnce() async {
        await #expect(processExitsWith: .success) {
            struct Refusal: Error {}
            let loop = Self.makeLoop()
            let somebodyElses = Atomic<CInt>(-1)
            var hits = 0
            for _ in 0..<20 {
                var pipes: [CInt] = [-1, -1]
                Self.check(pipe(&pipes) == 0, "no pipe")
                let ends = pipes
                do {
                    _ = try await loop.flatSubmit {
                        DescriptorChannel.open(input: ends[0], output: ends[1], on: loop) { channel in
                            // It fails when the channel closes, when its numbers are free.
                            channel.write(ByteBuffer()).whenFailure { _ in
                                somebodyElses.store(open("/dev/null", O_RDONLY), ordering: .relaxed)
                            }
                            throw Refusal()
                        }
                    }.get()
                } catch {}
                let descriptor = somebodyElses.load(ordering: .relaxed)
                Self.check(fcntl(descriptor, F_GETFD) >= 0, "somebody else's descriptor was closed")
                close(descriptor)
                // Another thread may have been quicker.
                if ends.contains(descriptor) { hits += 1 }
            }
            Self.check(hits > 0, "the numbers were never free")
        }
    }

    @Test("a terminal that cannot be watched leaves no watch behind, alone or beside another")
    func unwatched() async {
        await #expect(processExitsWith: .success) {
            let loop = Self.makeLoop()
            _ = await Self.openAndClose(.pseudoTerminal(link: nil), on: loop)
            let before = Self.openDescriptors()
            try await loop.submit {
                for _ in 0..<10 {
                    let terminal = PseudoTerminalTransport(link: nil, settings: .standard, on: loop)
                    do {
                        _ = try ClientWatch.add(terminal, at: "/nonexistent", on: loop)
                        Self.check(false, "what is not there is watched")
                    } catch {}
                    do {
                        let first = try ClientWatch.add(terminal, at: "/dev/null", on: loop)
                        let second = try ClientWatch.add(terminal, at: "/dev/zero", on: loop)
                        Self.check(first.watch === second.watch, "a watch for each")
                        first.watch.remove(first.number)
                        second.watch.remove(second.number)
                    } catch {
                        Self.check(false, "\(error)")
                    }
                }
            }.get()
            try await loop.submit {}.get()
            Self.check(before == Self.openDescriptors(), "\(before) became \(Self.openDescriptors())")
        }
    }
}
