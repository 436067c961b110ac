// swift-tools-version: 6.2
import PackageDescription

// `make check` sets VESP_STRICT so that a warning fails our build; a newer compiler must not fail a user's.
let strict: [SwiftSetting] =
    Context.environment["VESP_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "vesp",
    products: [
        .executable(name: "vesp", targets: ["vesp"]),
        .library(name: "ATEngine", targets: ["ATEngine"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "ATPrimitives", swiftSettings: strict),
        .target(name: "ATEngine", dependencies: ["ATPrimitives"], swiftSettings: strict),
        .target(name: "ATAir", dependencies: ["ATPrimitives"], swiftSettings: strict),
        .target(name: "ATWorld", dependencies: ["ATAir"], swiftSettings: strict),
        .target(name: "ATSimulation", dependencies: ["ATAir", "ATEngine", "ATWorld"], swiftSettings: strict),
        .target(name: "ATTranscript", dependencies: ["ATSimulation"], swiftSettings: strict),
        .target(name: "CPosix"),
        .target(name: "ATSerial", dependencies: ["ATPrimitives", "CPosix", nio, nioPosix], swiftSettings: strict),
        .target(
            name: "ATNetwork", dependencies: ["ATPrimitives", "CPosix", nio, nioPosix], swiftSettings: strict),
        .target(name: "ATFlash", dependencies: ["ATEngine", "ATPrimitives", "CPosix"], swiftSettings: strict),
        .target(
            name: "VespLab",
            dependencies: [
                "ATAir", "ATEngine", "ATFlash", "ATNetwork", "ATSerial", "ATSimulation", "ATWorld", logging, nio,
                nioPosix,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "VespUpdateServer",
            dependencies: [
                "ATFlash", "ATPrimitives", logging, nio, nioPosix, .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "vesp",
            dependencies: [
                "ATFlash", "ATTranscript", "VespLab", "VespUpdateServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(name: "ATAirTests", dependencies: ["ATAir"], swiftSettings: strict),
        .testTarget(name: "ATEngineTests", dependencies: ["ATEngine"], swiftSettings: strict),
        .testTarget(name: "ATSimulationTests", dependencies: ["ATSimulation"], swiftSettings: strict),
        .testTarget(name: "ATTranscriptTests", dependencies: ["ATTranscript", "ATWorld"], swiftSettings: strict),
        .testTarget(name: "ATWorldTests", dependencies: ["ATWorld"], swiftSettings: strict),
        .testTarget(name: "ATSerialTests", dependencies: ["ATSerial"], swiftSettings: strict),
        .testTarget(name: "ATNetworkTests", dependencies: ["ATNetwork"], swiftSettings: strict),
        .testTarget(name: "ATFlashTests", dependencies: ["ATFlash"], swiftSettings: strict),
        .testTarget(name: "VespLabTests", dependencies: ["VespLab"], swiftSettings: strict),
        .testTarget(name: "VespUpdateServerTests", dependencies: ["VespUpdateServer"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
