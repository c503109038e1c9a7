// What could go wrong: the house decays one harmless exception at a time. An import that points up,
// a file that collects ideas, a function that nobody can read at once, a name that says nothing.
// The compiler accepts all of it, so these rules are tests.

import Foundation
import Testing

/// A source file of the repository.
struct SourceFile: Sendable {
    var path: String
    var lines: [String]

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All files below `folders` with one of `endings`.
    static func all(
        in folders: [String] = ["Sources", "Tests", "Benchmarks", "Fuzz"],
        endings: [String] = ["swift"]
    ) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let base = root.appending(path: folder)
            guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
            return walk.compactMap { element in
                guard let name = element as? String, !name.contains(".build"),
                    endings.contains((name as NSString).pathExtension),
                    let text = try? String(contentsOf: base.appending(path: name), encoding: .utf8)
                else { return nil }
                return SourceFile(
                    path: folder + "/" + name,
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                        .map(String.init))
            }
        }.sorted { $0.path < $1.path }
    }
}

@Suite struct TidyTests {
    /// Which of our own modules each room may import. Arrows only point down.
    static let arrows: [String: Set<String>] = [
        "Model": ["CChecksum"],
        "Disk": ["Model"],
        "DiskSimulation": ["Disk", "Model"],
        "LMDB": ["CLMDB", "Model"],
        "MessageLog": ["Disk", "Model"],
        "Rollup": ["LMDB", "Model"],
        "Envelope": ["CSimdJSON", "Model"],
        "Engine": ["Disk", "Envelope", "MessageLog", "Model", "Rollup"],
        "Query": ["Engine", "MessageLog", "Model", "Rollup"],
        "Tallylog": ["Engine", "Envelope", "MessageLog", "Model", "Query"],
        "Feed": ["CZeroMQ", "Engine", "Envelope", "Model"],
        "Server": ["CSocket", "Engine", "Envelope", "Model", "Query"],
        "tallylog": [
            "Disk", "Engine", "Envelope", "Feed", "MessageLog", "Model", "Query", "Rollup",
            "Server", "Tallylog",
        ],
    ]

    /// Rooms that keep Foundation out: it costs start-up time and hides allocations.
    static let withoutFoundation: Set<String> = [
        "Model", "Disk", "DiskSimulation", "LMDB", "MessageLog", "Rollup", "Envelope", "Engine",
        "Query", "Tallylog",
    ]

    @Test func importsPointDown() {
        let own = Set(Self.arrows.keys).union(Self.arrows.values.flatMap { $0 })
        var wrong: [String] = []
        for file in SourceFile.all(in: ["Sources"]) {
            let room = file.path.split(separator: "/")[1]
            guard let allowed = Self.arrows[String(room)] else {
                wrong.append("\(file.path): the room \(room) has no line in the table of arrows")
                continue
            }
            for line in file.lines {
                guard let module = importedModule(line) else { continue }
                if own.contains(module), !allowed.contains(module) {
                    wrong.append("\(file.path): \(room) must not import \(module)")
                }
                if module.hasPrefix("Foundation"), Self.withoutFoundation.contains(String(room)) {
                    wrong.append("\(file.path): \(room) keeps Foundation out")
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    private func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 2,
            words.count > position + 1,
            !line.hasPrefix("//"), !line.hasPrefix("    ")
        else { return nil }
        return String(words[position + 1])
    }

    @Test func filesAreShort() {
        let long = SourceFile.all(endings: ["swift", "cpp", "c", "h", "py"])
            .filter { $0.lines.count > 501 }
            .map { "\($0.path): \($0.lines.count - 1) lines; at most 500" }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    @Test func linesAreNarrowAndPlain() {
        var wrong: [String] = []
        for file in SourceFile.all(endings: ["swift", "cpp", "c", "h"]) {
            for (number, line) in file.lines.enumerated() {
                let place = "\(file.path):\(number + 1)"
                if line.count > 100 { wrong.append("\(place): \(line.count) columns; at most 100") }
                if line.last == " " || line.last == "\t" {
                    wrong.append("\(place): trailing space")
                }
                if !line.allSatisfy(\.isASCII) { wrong.append("\(place): not ASCII") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func functionsAreShort() {
        var long: [String] = []
        for file in SourceFile.all() {
            var open: (line: Int, indent: Int)?
            for (number, line) in file.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                if let start = open, indent == start.indent, line.dropFirst(indent).hasPrefix("}") {
                    let length = number - start.line + 1
                    if length > 70 {
                        long.append("\(file.path):\(start.line + 1): \(length) lines; at most 70")
                    }
                    open = nil
                } else if open == nil, startsFunction(line) {
                    open = (number, indent)
                }
            }
        }
        #expect(long.isEmpty, "\(long.joined(separator: "\n"))")
    }

    private func startsFunction(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { return false }
        return words.contains("func") || words.contains { $0.hasPrefix("init(") || $0 == "deinit" }
    }

    @Test func namesSaySomething() {
        let hollow = ["Utils", "Util", "Helper", "Helpers", "Manager", "Misc", "Common"]
        let wrong = SourceFile.all().map(\.path).filter { path in
            hollow.contains { path.contains($0) }
        }
        #expect(wrong.isEmpty, "hollow names: \(wrong)")
    }

    @Test func nothingIsForcedOrLeftOver() {
        let banned = ["try!", " as! ", "TODO", "FIXME", "XXX", "catch {}", "print(\"DEBUG"]
        var wrong: [String] = []
        for file in SourceFile.all(in: ["Sources", "Benchmarks", "Fuzz"]) {
            for (number, line) in file.lines.enumerated() {
                for word in banned where line.contains(word) {
                    wrong.append("\(file.path):\(number + 1): \(word)")
                }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }

    @Test func theRulesSeeTheHouse() {
        // A wrong root would find no file and pass every rule.
        let rooms = Set(
            SourceFile.all(in: ["Sources"]).map { String($0.path.split(separator: "/")[1]) })
        #expect(rooms.isSuperset(of: ["Model", "Disk", "MessageLog", "Rollup", "Engine", "Query"]))
    }
}
