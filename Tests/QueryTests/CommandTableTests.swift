// What could go wrong: the table says another number of words than the parser wants, a command is
// in one and not in the other, or its syntax names an option that the parser does not know.
import Model
import Testing

@testable import Query

@Suite struct CommandTableTests {
    private func error(_ words: [String]) -> RequestError? {
        do {
            let bytes = Words(words.map { Array($0.utf8) })
            _ = try RequestParser.parse(bytes, now: Timestamp(seconds: 0))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: CommandTable.all.map(\.name)) func aritiesAgree(name: String) throws {
        let command = try #require(CommandTable.command(name.lowercased()))
        let wrong = "wrong number of words for \(name); accepted: \(command.syntax)"
        for count in 1...6 {
            let words = [name] + Array(repeating: "1", count: count - 1)
            let sentence = error(words)?.sentence ?? ""
            let fits = command.arity < 0 ? count >= -command.arity : count == command.arity
            // What fits the arity may be refused for another reason: a word without meaning.
            if !fits { #expect(sentence == wrong, "\(words)") }
            #expect(!sentence.hasPrefix("unknown command"))
            if command.arity > 0, fits { #expect(sentence != wrong, "\(words)") }
        }
    }

    /// Every word in capitals of a question's syntax is an option of that question, and the other
    /// way round.
    @Test(arguments: [
        "COUNT", "SERIES", "TOP", "DISTINCT", "NAMES", "SEEN", "MESSAGES", "GET", "GAPS",
    ])
    func optionsAgree(name: String) throws {
        let command = try #require(CommandTable.command(name))
        let start =
            [
                "SERIES": ["1h"], "TOP": ["1", "user"], "DISTINCT": ["user"], "NAMES": ["user"],
                "SEEN": ["user", "a"], "GET": ["x"],
            ][name] ?? []
        let sentence = try #require(error([name] + start + ["zzz"])?.sentence)
        let list = try #require(sentence.split(separator: ":").last)
        let accepted = Set(list.split(separator: ",").map { String($0.drop { $0 == " " }) })
        let shown = command.syntax.split { !$0.isLetter }.map(String.init)
            .filter { $0 == $0.uppercased() && $0.count > 1 && $0 != "ALL" && $0 != name }
        var expected = Set(shown)
        if name == "DISTINCT" { expected.remove("DISTINCT") }
        #expect(accepted == expected)
    }

    @Test func describesItself() {
        guard case .array(let all) = CommandTable.information(of: []),
            case .map(let docs) = CommandTable.documentation(of: [])
        else {
            Issue.record("other shapes than Redis's")
            return
        }
        #expect(all.count == CommandTable.all.count)
        #expect(docs.count == CommandTable.all.count)
        #expect(
            CommandTable.information(of: [Array("nope".utf8), Array("GET".utf8)])
                == .array([.null, CommandTable.command("get")?.information ?? .null]))
        #expect(CommandTable.documentation(of: [Array("nope".utf8)]) == .map([]))
    }
}
