// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tallylog", path: "..")],
    targets: [
        // Of the feed only what makes messages up, as links: the library does not have it.
        .target(
            name: "MadeUp", dependencies: [.product(name: "Tallylog", package: "tallylog")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "Canonical",
            dependencies: ["MadeUp", .product(name: "Tallylog", package: "tallylog")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "Naming",
            dependencies: [.product(name: "Tallylog", package: "tallylog")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ]
)
