import ArgumentParser
import Query

/// A command that asks one question with the protocol's words.
protocol QueryCommand: ParsableCommand {
    static var word: String { get }
    static var shape: ReplyPrinter.Shape { get }
    var target: Target { get }
    var words: [String] { get }
}

extension QueryCommand {
    mutating func run() throws {
        do {
            let reply = try target.ask([Self.word] + words)
            let lines =
                target.json
                ? [ReplyJSON.text(of: reply)]
                : ReplyPrinter.lines(
                    reply, as: Self.shape, withSequence: words.last?.uppercased() == "AT")
            Terminal.print(lines: lines)
        } catch let exit as ExitCode {
            throw exit
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.failed
        }
    }

    /// The abstract and the syntax that the protocol's own table gives.
    ///
    /// - Parameter example: words that make sense after the command's name.
    static func described(_ name: String, _ example: String = "") -> CommandConfiguration {
        let command = CommandTable.command(word)
        let line = ["tallylog", name, "--data DIR", example].filter { !$0.isEmpty }
        return CommandConfiguration(
            commandName: name, abstract: command?.summary ?? "",
            discussion: """
                Words: \(command?.syntax ?? "none")

                  \(line.joined(separator: " "))
                """)
    }
}

struct Count: QueryCommand {
    static let word = "COUNT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("count", "USER ralph NOT CATEGORY git")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Series: QueryCommand {
    static let word = "SERIES"
    static let shape = ReplyPrinter.Shape.series
    static let configuration = described("series", "1d CATEGORY git LAST 30d")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Top: QueryCommand {
    static let word = "TOP"
    static let shape = ReplyPrinter.Shape.ranking
    static let configuration = described("top", "10 user CATEGORY git LAST 7d")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Distinct: QueryCommand {
    static let word = "DISTINCT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("distinct", "user LAST 1d")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Names: QueryCommand {
    static let word = "NAMES"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("names", "topic PREFIX org.example.prod.git.")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Seen: QueryCommand {
    static let word = "SEEN"
    static let shape = ReplyPrinter.Shape.seen
    static let configuration = described("seen", "user ralph")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Messages: QueryCommand {
    static let word = "MESSAGES"
    static let shape = ReplyPrinter.Shape.messages
    static let configuration = described("messages", "USER ralph CONTAINS fix LIMIT 5")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct LatestOfEach: QueryCommand {
    static let word = "LATEST"
    static let shape = ReplyPrinter.Shape.latest
    static let configuration = described("latest", "BY topic CATEGORY compose")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Read: QueryCommand {
    static let word = "READ"
    static let shape = ReplyPrinter.Shape.page
    static let configuration = described("read", "FROM 1 USER ralph LIMIT 5")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Explain: QueryCommand {
    static let word = "EXPLAIN"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("explain", "COUNT USER ralph LAST 7d")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Get: QueryCommand {
    static let word = "GET"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("get", "2026-6a1f0c3e-8d4b-4d55")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Info: QueryCommand {
    static let word = "INFO"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("info", "store")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Checkpoint: QueryCommand {
    static let word = "CHECKPOINT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("checkpoint")
    @OptionGroup var target: Target
    @Argument(help: "The words of the question.") var words: [String] = []
}
