import Foundation

/// A text file of the repository, or one made up to show that a rule can fail.
struct SourceFile: Sendable {
    /// From the repository's root.
    var path: String
    var lines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
    }

    /// The folder under `Sources`, or `Tests/TestSupport`, that the file is in.
    var room: String { String(path.split(separator: "/")[1]) }

    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All files below `folders` with one of `endings`. Links to folders are not followed, so a
    /// package that borrows `Sources` by a link does not show them twice.
    static func all(
        in folders: [String] = ["Sources", "Tests", "Benchmarks", "Fuzz"],
        endings: Set<String> = ["swift"]
    ) throws -> [SourceFile] {
        try folders.flatMap { folder -> [SourceFile] in
            let base = root.appending(path: folder)
            guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
            return try walk.compactMap { element in
                guard let name = element as? String, !name.contains(".build"),
                    endings.contains((name as NSString).pathExtension)
                else { return nil }
                return SourceFile(path: folder + "/" + name, text: try text(folder + "/" + name))
            }
        }.sorted { $0.path < $1.path }
    }

    /// The documents at the root and under `docs`.
    static func documents() throws -> [SourceFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: root.path)
        return try names.filter { $0.hasSuffix(".md") }.sorted()
            .map { SourceFile(path: $0, text: try text($0)) } + all(in: ["docs"], endings: ["md"])
    }

    /// A file of the repository, whole.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
