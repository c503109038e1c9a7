// swift-tools-version: 6.2
import PackageDescription

// The fuzzer: one program with libFuzzer's entry point around the targets; tests call them too. A
// package of its own, which builds the rooms from the repository's sources (`rooms` and `support`
// are links) with the compiler's instruments in them. See README.md for the commands.
let room: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// A room of the product.
func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target
{
    .target(
        name: name, dependencies: dependencies, path: "rooms/\(name)", resources: resources,
        swiftSettings: room)
}

let package = Package(
    name: "fuzz",
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
        room("DiskSimulation", ["Disk", "Model"]),
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
        .target(
            name: "TestSupport", dependencies: ["Query"], path: "support", swiftSettings: room),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Disk", "DiskSimulation", "Engine", "Envelope", "LMDB", "MessageLog", "Model",
                "Query", "Rules", "TestSupport",
            ], path: "Targets", swiftSettings: room),
        .executableTarget(
            name: "FuzzRunner", dependencies: ["FuzzTargets"], path: "Runner",
            swiftSettings: room + [.unsafeFlags(["-parse-as-library"])]),
    ],
    cxxLanguageStandard: .cxx17
)
