// swift-tools-version:6.1
import PackageDescription

// The order of the targets is the architecture: a target may import only what stands above it, and only what its
// line names. Scripts/check-imports proves it on every test run.

let core: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

// Generic over what their users put in: compiled for it, queues and ticks take half of the time.
let specialized: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

// intel-ipsec-mb exists for x86-64 only; elsewhere OpenSSL hashes alone.
#if arch(x86_64)
    let multiBuffer: [Target.Dependency] = ["CIPSecMB"]
    let multiBufferTarget: [Target] = [.systemLibrary(name: "CIPSecMB")]
#else
    let multiBuffer: [Target.Dependency] = []
    let multiBufferTarget: [Target] = []
#endif

/// - Parameter settings: besides those of all.
func layer(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: core + settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies + [.product(name: "ArgumentParser", package: "swift-argument-parser")],
        swiftSettings: core)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name)] + dependencies, exclude: exclude,
        swiftSettings: core)
}

let package = Package(
    name: "p2pd",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: multiBufferTarget + [
        .target(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        layer("Content", []),
        layer("Posix", ["CLinux"]),
        layer("Reactor", ["Posix"], specialized),
        layer("Hashing", ["Content", "COpenSSL"] + multiBuffer),
        layer("Wire", ["Content"]),
        layer("ManagerCore", ["Wire", "Content"]),
        layer("PeerCore", ["Wire", "Content"]),
        layer("Simulation", ["ManagerCore", "PeerCore", "Wire", "Content"]),
        layer("Storage", ["Posix", "Content", "Hashing", .product(name: "GRDB", package: "GRDB.swift")]),
        layer(
            "Transport",
            ["Reactor", "Posix", "Wire", "Content", .product(name: "DequeModule", package: "swift-collections")],
            specialized),
        layer("Control", ["Content"]),
        layer(
            "Node",
            [
                "Posix", "Reactor", "Content", "Hashing", "Wire", "ManagerCore", "PeerCore", "Storage", "Transport",
                "Control", "TOMLKit", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        program("p2pd", ["Control", "Node"]),
        program("p2pctl", ["CLinux", "Content", "Control"]),
        program("p2pbench", ["Content", "Posix", "Reactor", "Transport", "Wire"]),
        program("p2psim", ["Simulation"]),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: core),
        tests("Content", ["TestSupport"]),
        tests("Posix", ["TestSupport"]),
        tests("Reactor", ["Posix", "TestSupport"]),
        tests("Hashing", ["Content"], exclude: ["Vectors"]),
        tests("Wire", ["Content", "TestSupport"]),
        tests("ManagerCore", ["Wire", "Content", "TestSupport"]),
        tests("PeerCore", ["Wire", "Content", "TestSupport"]),
        tests("Simulation", ["ManagerCore", "PeerCore", "Wire", "Content", "p2psim"]),
        tests("Storage", ["Content", "Hashing", "Posix", "TestSupport"]),
        tests("Transport", ["Reactor", "Posix", "Wire", "Content", "TestSupport"]),
        tests("Control", ["Content"]),
        tests(
            "Node",
            [
                "Content", "Wire", "Posix", "Reactor", "Hashing", "Storage", "Transport", "Control", "PeerCore",
                "TestSupport",
            ]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Content", "Wire", "ManagerCore", "PeerCore", "Storage", "Posix", "Control", "Node", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/FuzzTargets", swiftSettings: core),
        // With libFuzzer only if Scripts/fuzz builds it; else it replays inputs.
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets", "Posix"], path: "Tests/Fuzz", exclude: ["Corpus", "Crashes"],
            swiftSettings: core),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: core),
        .testTarget(
            name: "EndToEndTests", dependencies: ["p2pd", "p2pctl", "Content", "Hashing", "Wire", "TestSupport"],
            swiftSettings: core),
    ],
    swiftLanguageModes: [.v6]
)
