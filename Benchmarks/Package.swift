// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that who uses vesp does not build it. The modules are symbolic links to those of vesp: a
// dependency on `..` would fetch NIO and all the rest for two modules that import nothing.
let package = Package(
    name: "vesp-benchmarks",
    targets: [
        .target(name: "ATPrimitives"),
        .target(name: "ATEngine", dependencies: ["ATPrimitives"]),
        .executableTarget(name: "EngineBenchmark", dependencies: ["ATEngine"]),
    ],
    swiftLanguageModes: [.v6]
)
