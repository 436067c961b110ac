// swift-tools-version: 6.2
import PackageDescription

// The fuzzer of the engine, apart from the main package since it needs a main function of libFuzzer's own. The sources
// are symbolic links: the engine, and the simulation of its tests, which a fuzzer's bytes drive instead of a seed.
// `Fuzz/run SECONDS` builds and runs it.
let package = Package(
    name: "fuzz",
    targets: [
        .target(name: "ATPrimitives"),
        .target(name: "ATEngine", dependencies: ["ATPrimitives"]),
        .target(name: "EngineFuzzer", dependencies: ["ATEngine"]),
        .executableTarget(name: "fuzz-engine", dependencies: ["EngineFuzzer"]),
    ],
    swiftLanguageModes: [.v6]
)
