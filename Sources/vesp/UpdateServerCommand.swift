import ATFlash
import ATPrimitives
import ArgumentParser
import Logging
import NIOPosix
import ServiceLifecycle
import VespUpdateServer

/// `vesp update-server`: the server that AT+CIUPDATE looks for, until a signal.
struct UpdateServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update-server",
        abstract: "Serve an image to modules that upgrade with AT+CIUPDATE.",
        discussion: """
            A module asks iot.espressif.cn at port 80: let that name be the server's address under network.hosts in \
            the lab file, and listen on port 80.
            """)

    @Option(help: ArgumentHelp("The image, given as user1.bin and as user2.bin.", valueName: "file"))
    var image: String

    @Option(help: ArgumentHelp("Where to listen; port 0 picks one.", valueName: "[host:]port"))
    var listen: String = "127.0.0.1:0"

    @Option(help: "The version of the image, five characters.")
    var version: String = "v0.22"

    func run() async throws {
        guard let version = FirmwareVersion(version) else {
            throw Failure(
                .usage,
                "--version: \"\(version)\" is no version; give five letters, digits, dots, hyphens or underscores."
            )
        }
        let endpoint = try self.endpoint()
        let logger = Logger(label: "update-server") { StreamLogHandler.standardError(label: $0) }
        let service = UpdateService(
            endpoint: endpoint, offer: UpdateOffer(version: version, image: try loadImage()),
            logger: logger)
        var quiet = logger
        quiet.logLevel = .critical
        let group = ServiceGroupConfiguration(
            services: [.init(service: service, failureTerminationBehavior: .cancelGroup)],
            gracefulShutdownSignals: [.sigint, .sigterm], logger: quiet)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as UpdateServerError {
            throw Failure(.unavailable, error.description)
        }
    }

    private func loadImage() throws -> ApplicationImage {
        do throws(FlashFileError) { return try ApplicationImage(path: image) } catch {
            throw Failure(error)
        }
    }

    /// `[HOST:]PORT`, where HOST is an IPv4 address or `localhost`, since the module knows no other.
    private func endpoint() throws -> Endpoint {
        let text =
            listen.hasPrefix("localhost:") ? String(listen.dropFirst("localhost:".count)) : listen
        guard let endpoint = Endpoint(text.contains(":") ? text : "127.0.0.1:\(text)") else {
            throw Failure(
                .usage,
                "--listen: \"\(listen)\" is not where one can listen; give [HOST:]PORT, such as 127.0.0.1:80."
            )
        }
        return endpoint
    }
}

/// The update server as a service.
private struct UpdateService: Service {
    let endpoint: Endpoint
    let offer: UpdateOffer
    let logger: Logger

    func run() async throws {
        let server = try await UpdateServer.start(
            on: endpoint, offering: offer, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            logger: logger)
        StandardOutput.write("update-server: \(server.endpoint)")
        try await withGracefulShutdownHandler {
            try await server.waitUntilEnded()
        } onGracefulShutdown: {
            server.end()
        }
    }
}
