// What could go wrong: the house decays one harmless exception at a time. An import that points up,
// a file that collects ideas, a function that nobody can read at once, a name that says nothing.
// The compiler accepts all of it, so these rules are tests. A rule that cannot fail is no rule, so
// each is also shown a file that breaks it.

import Foundation
import Testing

@Suite struct TidyTests {
    private static let code: Set<String> = ["swift", "c", "cpp", "h", "hpp"]

    private func expectNothing(_ wrong: [String]) {
        #expect(wrong.isEmpty, "\n\(wrong.joined(separator: "\n"))")
    }

    @Test func importsPointDown() throws {
        let files =
            try SourceFile.all(in: ["Sources"])
            + SourceFile.all(in: ["Tests"]).filter { $0.room == "TestSupport" }
        expectNothing(files.flatMap(Rules.imports))
    }

    /// The table of arrows is the one that the package manager uses.
    @Test func arrowsAreThePackages() throws {
        let targets = try packageTargets()
        #expect(Set(targets.keys) == Set(Rules.arrows.keys), "the package's targets")
        for (room, modules) in Rules.arrows.sorted(by: { $0.key < $1.key }) {
            #expect(targets[room] == modules, "what \(room) depends on")
        }
    }

    /// Our own dependencies of each target that is no test, as Package.swift has them.
    private func packageTargets() throws -> [String: Set<String>] {
        let text = try SourceFile.text("Package.swift")
            .replacing(#/\.product\([^)]*\)/#, with: "")
        let target =
            #/
            \.(?: target | executableTarget | systemLibrary )\( \s* name:\ "([^"]+)"
            (?: ,\s* dependencies:\ \[ ([^\]]*) \] )?
            /#
        var found: [String: Set<String>] = [:]
        for match in text.matches(of: target) {
            let name = match.1 == "tallylog-cli" ? "tallylog" : String(match.1)
            let modules = (match.2 ?? "").matches(of: #/"([^"]+)"/#).map { String($0.1) }
            found[name] = Set(modules)
        }
        return found
    }

    @Test func filesAreShort() throws {
        expectNothing(
            try SourceFile.all(endings: Self.code.union(["py", "sh"]))
                .flatMap(Rules.length))
    }

    @Test func linesAreNarrow() throws {
        expectNothing(try SourceFile.all(endings: Self.code).flatMap(Rules.lines))
    }

    @Test func everythingIsPlainASCII() throws {
        let files = try SourceFile.all(endings: Self.code.union(["py", "sh"]))
        expectNothing((files + (try SourceFile.documents())).flatMap(Rules.plain))
    }

    @Test func functionsAreShort() throws {
        expectNothing(try SourceFile.all().flatMap(Rules.functions))
    }

    @Test func namesSaySomething() throws {
        expectNothing(try SourceFile.all(endings: Self.code).flatMap(Rules.names))
    }

    @Test func nothingIsForcedOrLeftOver() throws {
        let files = try SourceFile.all(in: ["Sources", "Benchmarks", "Fuzz"], endings: Self.code)
        expectNothing(files.flatMap(Rules.leftovers))
    }

    @Test func onlyTheCommandLinePrints() throws {
        expectNothing(try SourceFile.all(in: ["Sources"]).flatMap(Rules.printing))
    }

    @Test func theRulesSeeTheHouse() throws {
        // A wrong root would find no file and pass every rule.
        let files = try SourceFile.all()
        let rooms = Set(files.filter { $0.path.hasPrefix("Sources/") }.map(\.room))
        #expect(rooms.isSuperset(of: ["Model", "Disk", "MessageLog", "Rollup", "Engine", "Query"]))
        #expect(Set(files.map(\.path)).count == files.count)
        #expect(!files.contains { $0.path.contains("/rooms/") }, "a link was followed")
        #expect(try SourceFile.documents().contains { $0.path == "README.md" })
    }

    @Test(arguments: [
        ("an import that points up", "Model", "import Engine"),
        ("an import across", "MessageLog", "package import Rollup"),
        ("an import of one declaration", "Disk", "import struct LMDB.Cursor"),
        ("the test disk in the product", "Engine", "@testable import DiskSimulation"),
        ("Foundation", "Query", "import FoundationEssentials"),
        ("sockets outside of the server", "Query", "import NIOCore"),
        ("a room without arrows", "Cellar", ""),
    ])
    func aWrongImportIsSeen(what: String, room: String, text: String) {
        let file = SourceFile(path: "Sources/\(room)/File.swift", text: text)
        #expect(!Rules.imports(file).isEmpty, "\(what) passes")
        let right = SourceFile(path: "Sources/Engine/File.swift", text: "package import Model")
        #expect(Rules.imports(right).isEmpty)
    }

    @Test func everyOtherRuleCanFail() {
        let body = String(repeating: "        step()\n", count: 69)
        let function = "    init?(of value: Int) {\n" + body + "    }\n"
        let oneLine = "    func name() -> Int { 1 }\n"
        func wrong(
            _ rule: (SourceFile) -> [String], _ text: String, room: String = "Model"
        ) -> Int {
            rule(SourceFile(path: "Sources/\(room)/File.swift", text: text)).count
        }
        #expect(wrong(Rules.length, String(repeating: "\n", count: 501)) == 1)
        #expect(wrong(Rules.length, String(repeating: "\n", count: 500)) == 0)
        #expect(wrong(Rules.lines, String(repeating: "x", count: 101)) == 1)
        #expect(wrong(Rules.lines, String(repeating: "x", count: 100)) == 0)
        #expect(wrong(Rules.lines, "x \n\tx") == 2)
        #expect(wrong(Rules.plain, "\u{2014}") == 1)
        #expect(wrong(Rules.functions, oneLine + oneLine + function) == 1)
        #expect(wrong(Rules.functions, oneLine + function.replacing("init?(", with: "x(")) == 1)
        #expect(wrong(Rules.functions, "    func a()\n}\n" + body + "    }\n") == 0)
        #expect(wrong(Rules.names, "final class " + "LogManager {") == 1)
        #expect(wrong(Rules.leftovers, "let x = try! f()\n// TODO\n} catch {}") == 3)
        #expect(wrong(Rules.printing, "    print(x)") == 1)
        #expect(wrong(Rules.printing, "    print(x)", room: "tallylog") == 0)
    }
}
