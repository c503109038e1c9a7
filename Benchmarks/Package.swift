// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tallylog", path: "..")],
    targets: [
        .executableTarget(
            name: "Canonical",
            dependencies: [.product(name: "Tallylog", package: "tallylog")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "Naming",
            dependencies: [.product(name: "Tallylog", package: "tallylog")],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ]
)
