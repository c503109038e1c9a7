// What could go wrong: the first thing that a newcomer copies does not compile any more, or prints
// something else. So the README's example is a source file here, is run, and must be the same text.

import Foundation
import TestSupport
import Testing

@Suite struct ReadmeTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    private static let root = folder.deletingLastPathComponent().deletingLastPathComponent()

    private static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func between(_ first: String, _ last: String, in lines: [String]) -> [String]? {
        guard let start = lines.firstIndex(of: first),
            let end = lines[(start + 1)...].firstIndex(of: last)
        else { return nil }
        return Array(lines[(start + 1)..<end])
    }

    @Test func theExampleIsTheOneThatRuns() throws {
        let readme = try Self.lines(of: Self.root.appending(path: "README.md"))
        let shown = try #require(Self.between("```swift", "```", in: readme), "no swift block")
        let source = try Self.lines(of: Self.folder.appending(path: "Embedding.swift"))
        let indent = String(repeating: " ", count: 8)
        let body = try #require(
            Self.between(
                indent + "// The example begins.", indent + "// The example ends.", in: source),
            "no marks")
        let run = body.map { $0.hasPrefix(indent) ? String($0.dropFirst(indent.count)) : $0 }
        #expect(shown == ["import Tallylog", ""] + run)
    }

    @Test func theExampleGivesWhatItSays() async throws {
        let directory = TemporaryDirectory()
        var example = Embedding()
        try await example.run(in: directory.path + "/store")
        #expect(
            example.printed == [
                "1",
                #"[(name: "ann", count: 1)]"#,
                "[(start: 1767225600, count: 1)] [\"{\\\"topic\\\":"
                    + "\\\"org.example.prod.git.push\\\",\\\"msg\\\":{\\\"agent\\\":"
                    + "\\\"ann\\\"},\\\"timestamp\\\":1767225600}\"]",
            ])
    }

    /// Each file that the README points to is there.
    @Test func itsLinksLeadSomewhere() throws {
        let readme = try String(
            contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let targets = readme.matches(of: /\]\((?<file>[^):]+)\)/).map { String($0.output.file) }
        #expect(targets.count >= 4)
        for target in targets {
            #expect(
                FileManager.default.fileExists(atPath: Self.root.appending(path: target).path),
                "README.md points to \(target), which is not there")
        }
    }
}
