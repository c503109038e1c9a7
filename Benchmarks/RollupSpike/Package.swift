// swift-tools-version: 6.2
import PackageDescription

// Measures the layout of the rollups. A package of its own that builds the rooms it measures from
// the repository's sources (`rooms` is a link), since their interfaces are package-internal.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "rollup-spike",
    targets: [
        .systemLibrary(name: "CLMDB", path: "rooms/CLMDB", pkgConfig: "lmdb"),
        .target(
            name: "CChecksum", path: "rooms/CChecksum",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "Model", dependencies: ["CChecksum"], path: "rooms/Model",
            swiftSettings: settings),
        .target(
            name: "LMDB", dependencies: ["Model", "CLMDB"], path: "rooms/LMDB",
            swiftSettings: settings),
        .target(
            name: "Rollup", dependencies: ["Model", "LMDB"], path: "rooms/Rollup",
            swiftSettings: settings),
        .executableTarget(
            name: "RollupSpike", dependencies: ["Rollup", "Model", "LMDB"], path: "Spike",
            swiftSettings: settings),
    ]
)
