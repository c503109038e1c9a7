// swift-tools-version: 6.2
import PackageDescription

// Operations of the core, to be counted in instructions (see check.py). A package of its own that
// builds the rooms it measures from the repository's sources (`rooms` is a link), with their
// internals in reach. Optimized as in a release.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enable-testing"]),
]

func room(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "rooms/\(name)", resources: resources,
        swiftSettings: settings)
}

let package = Package(
    name: "instructions",
    targets: [
        .systemLibrary(name: "CLMDB", path: "rooms/CLMDB", pkgConfig: "lmdb"),
        .systemLibrary(name: "CZstd", path: "rooms/CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CYAML", path: "rooms/CYAML"),
        .target(
            name: "CChecksum", path: "rooms/CChecksum",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CSignatures", path: "rooms/CSignatures",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(
            name: "CSimdJSON", path: "rooms/CSimdJSON",
            cxxSettings: [.unsafeFlags(["-O2", "-std=c++17"])],
            linkerSettings: [.linkedLibrary("simdjson")]),
        room("Model", ["CChecksum"]),
        room("Disk", ["Model"]),
        room("LMDB", ["Model", "CLMDB"]),
        room("Zstd", ["CZstd"]),
        room("MessageLog", ["Model", "Disk", "Zstd"]),
        room("Rollup", ["Model", "LMDB"]),
        room("Signatures", ["Model", "Disk", "CSignatures"]),
        room(
            "Envelope", ["Model", "Disk", "Signatures", "CSimdJSON", "CYAML"],
            resources: [
                .embedInCode("Profile/fedora.yaml"), .embedInCode("Profile/generic.yaml"),
                .embedInCode("Profile/none.yaml"),
            ]),
        room("Rules", ["Model", "LMDB", "Envelope"]),
        room("Engine", ["Model", "Disk", "MessageLog", "Rollup", "Envelope", "Rules"]),
        room("Query", ["Model", "MessageLog", "Rollup", "Rules", "Engine"]),
        // What makes messages up, as for the other benchmarks; a link too.
        .target(name: "MadeUp", dependencies: ["Model"], path: "MadeUp", swiftSettings: settings),
        .executableTarget(
            name: "Operations",
            dependencies: ["Model", "Disk", "MessageLog", "Rollup", "Envelope", "Query", "MadeUp"],
            path: "Operations", swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)
