// swift-tools-version: 6.2
import PackageDescription

/// Settings of the core rooms: Swift 6 mode, strict memory safety, every warning an error.
let core: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Settings of the rooms at the edge (sockets, command line) and of the tests.
let edge: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "tallylog",
    products: [
        .library(name: "Tallylog", targets: ["Tallylog"]),
        .executable(name: "tallylog", targets: ["tallylog-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, each beside the one Swift target that wraps it.
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(
            name: "CChecksum",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CSignatures",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.unsafeFlags(["-O2", "-std=c++17"])],
            linkerSettings: [.linkedLibrary("simdjson")]),

        // The core, from the ground up. Arrows only point down.
        .target(name: "Model", dependencies: ["CChecksum"], swiftSettings: core),
        .target(name: "Disk", dependencies: ["Model"], swiftSettings: core),
        .target(name: "DiskSimulation", dependencies: ["Disk", "Model"], swiftSettings: core),
        .target(name: "LMDB", dependencies: ["Model", "CLMDB"], swiftSettings: core),
        .target(name: "Zstd", dependencies: ["CZstd"], swiftSettings: core),
        .target(name: "MessageLog", dependencies: ["Model", "Disk", "Zstd"], swiftSettings: core),
        .target(name: "Rollup", dependencies: ["Model", "LMDB"], swiftSettings: core),
        .target(
            name: "Signatures", dependencies: ["Model", "Disk", "CSignatures"], swiftSettings: core),
        .target(
            name: "Envelope", dependencies: ["Model", "Disk", "Signatures", "CSimdJSON", "CYAML"],
            resources: [
                .embedInCode("Profile/fedora.yaml"), .embedInCode("Profile/generic.yaml"),
                .embedInCode("Profile/none.yaml"),
            ],
            swiftSettings: core),
        .target(name: "Rules", dependencies: ["Model", "LMDB", "Envelope"], swiftSettings: core),
        .target(
            name: "Engine",
            dependencies: ["Model", "Disk", "MessageLog", "Rollup", "Envelope", "Rules"],
            swiftSettings: core),
        .target(
            name: "Query", dependencies: ["Model", "MessageLog", "Rollup", "Rules", "Engine"],
            swiftSettings: core),
        .target(
            name: "Tallylog",
            dependencies: ["Engine", "Envelope", "MessageLog", "Query", "Model", "Rules"],
            swiftSettings: core),

        // The edge: the bus, the socket, the command line.
        .target(
            name: "Feed",
            dependencies: [
                "Model", "Envelope", "Engine", "MessageLog", "Signatures", "CZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: edge),
        .target(name: "Client", dependencies: ["Query"], swiftSettings: edge),
        .target(
            name: "Backfill",
            dependencies: [
                "Model", "Envelope", "Engine", "MessageLog", "Signatures", "Query", "Client",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: edge),
        .target(
            name: "Server",
            dependencies: [
                "Model", "Engine", "Query", "Envelope",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: edge),
        .executableTarget(
            name: "tallylog-cli",
            dependencies: [
                "Tallylog", "Model", "Disk", "MessageLog", "Rollup", "Rules", "Engine", "Query",
                "Envelope", "Signatures", "Feed", "Backfill", "Client", "Server", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/tallylog",
            swiftSettings: edge),

        // Tests, one target for each room, and what they share.
        .target(
            name: "TestSupport",
            dependencies: ["Query", "Engine", "Envelope", "MessageLog", "Model", "Rules"],
            path: "Tests/TestSupport", swiftSettings: edge),
        // What tests do in a process of its own, since it may die: its file calls are written down,
        // or fail. No test is linked with it, for then all would make their calls so.
        .target(name: "CallRecorder", path: "Tests/CallRecorder"),
        .executableTarget(
            name: "TrialProgram",
            dependencies: [
                "CallRecorder", "TestSupport", "Disk", "Engine", "MessageLog", "Model", "Query",
            ],
            path: "Tests/TrialProgram", swiftSettings: edge),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Disk", "DiskSimulation", "Engine", "Envelope", "LMDB", "MessageLog", "Model",
                "Query", "Rules", "TestSupport",
            ], path: "Fuzz/Targets", swiftSettings: edge),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], swiftSettings: edge),
        .testTarget(
            name: "DiskTests", dependencies: ["Disk", "DiskSimulation", "TestSupport"],
            swiftSettings: edge),
        .testTarget(name: "LMDBTests", dependencies: ["LMDB", "TestSupport"], swiftSettings: edge),
        .testTarget(
            name: "MessageLogTests",
            dependencies: ["MessageLog", "Model", "Disk", "DiskSimulation", "TestSupport"],
            swiftSettings: edge),
        .testTarget(
            name: "RollupTests", dependencies: ["Rollup", "LMDB", "Model", "TestSupport"],
            swiftSettings: edge),
        .testTarget(
            name: "EnvelopeTests", dependencies: ["Envelope", "Model", "TestSupport"],
            exclude: ["families.jsonl"],
            swiftSettings: edge),
        .testTarget(
            name: "RulesTests",
            dependencies: ["Rules", "Envelope", "LMDB", "Model", "TestSupport"],
            swiftSettings: edge),
        .testTarget(
            name: "SignaturesTests",
            dependencies: ["Signatures", "Envelope", "Model", "TestSupport"],
            exclude: ["signing.py"],
            swiftSettings: edge),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "Query", "Server", "Envelope", "MessageLog", "Rollup", "Rules", "LMDB",
                "Model", "Disk", "DiskSimulation", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Golden"], swiftSettings: edge),
        .testTarget(
            name: "PowerCutTests",
            dependencies: [
                "Engine", "Query", "Disk", "DiskSimulation", "Model", "TestSupport",
            ],
            swiftSettings: edge),
        .testTarget(
            name: "FeedTests",
            dependencies: [
                "Feed", "Envelope", "Engine", "MessageLog", "Model", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: edge),
        .testTarget(
            name: "BackfillTests",
            dependencies: [
                "Backfill", "Envelope", "Engine", "MessageLog", "Query", "Model", "TestSupport",
            ],
            swiftSettings: edge),
        .testTarget(
            name: "QueryTests", dependencies: ["Query", "Model", "TestSupport"],
            exclude: ["malformed.txt"], swiftSettings: edge
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "Engine", "Query", "Model", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: edge),
        .testTarget(
            name: "EndToEndTests", dependencies: ["tallylog-cli"], exclude: ["node", "python"],
            swiftSettings: edge),
        .testTarget(
            name: "TallylogTests", dependencies: ["Tallylog", "TestSupport"], swiftSettings: edge),
        .testTarget(
            name: "ReadmeTests", dependencies: ["Tallylog", "TestSupport"], swiftSettings: edge),
        .testTarget(name: "TidyTests", swiftSettings: edge),
    ],
    cxxLanguageStandard: .cxx17
)
