// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for whatever reads bytes that others wrote. A package of its own, which builds the
// rooms it tries from the repository's sources (`rooms` is a link), since libFuzzer brings its own
// entry point. See README.md for the commands.
let room: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]
let entry: [SwiftSetting] = room + [.unsafeFlags(["-parse-as-library"])]

let package = Package(
    name: "fuzz",
    targets: [
        .systemLibrary(name: "CLMDB", path: "rooms/CLMDB", pkgConfig: "lmdb"),
        .systemLibrary(name: "CZstd", path: "rooms/CZstd", pkgConfig: "libzstd"),
        .target(
            name: "CChecksum", path: "rooms/CChecksum",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CSimdJSON", path: "rooms/CSimdJSON",
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(
            name: "Model", dependencies: ["CChecksum"], path: "rooms/Model", swiftSettings: room),
        .target(name: "Disk", dependencies: ["Model"], path: "rooms/Disk", swiftSettings: room),
        .target(
            name: "LMDB", dependencies: ["Model", "CLMDB"], path: "rooms/LMDB",
            swiftSettings: room),
        .target(
            name: "Zstd", dependencies: ["CZstd"], path: "rooms/Zstd", swiftSettings: room),
        .target(
            name: "MessageLog", dependencies: ["Model", "Disk", "Zstd"], path: "rooms/MessageLog",
            swiftSettings: room),
        .target(
            name: "Rollup", dependencies: ["Model", "LMDB"], path: "rooms/Rollup",
            swiftSettings: room),
        .target(
            name: "Envelope", dependencies: ["Model", "CSimdJSON"], path: "rooms/Envelope",
            swiftSettings: room),
        .target(
            name: "Engine", dependencies: ["Model", "Disk", "MessageLog", "Rollup", "Envelope"],
            path: "rooms/Engine", swiftSettings: room),
        .target(
            name: "Query", dependencies: ["Model", "MessageLog", "Rollup", "Engine"],
            path: "rooms/Query", swiftSettings: room),
        .executableTarget(
            name: "FuzzEnvelope", dependencies: ["Envelope", "Model"],
            path: "Targets/FuzzEnvelope", swiftSettings: entry),
        .executableTarget(
            name: "FuzzColumns", dependencies: ["MessageLog", "Disk", "Model"],
            path: "Targets/FuzzColumns", swiftSettings: entry),
        .executableTarget(
            name: "FuzzRequest", dependencies: ["Query", "Model"],
            path: "Targets/FuzzRequest", swiftSettings: entry),
    ],
    cxxLanguageStandard: .cxx17
)
