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
            Terminal.print(lines: ReplyPrinter.lines(reply, as: Self.shape))
        } catch let exit as ExitCode {
            throw exit
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.failed
        }
    }

    /// The abstract and the syntax that the protocol's own table gives.
    static func described(_ name: String) -> CommandConfiguration {
        let command = CommandTable.command(word)
        return CommandConfiguration(
            commandName: name, abstract: command?.summary ?? "",
            discussion: command.map { "Words: \($0.syntax)" } ?? "")
    }
}

struct Count: QueryCommand {
    static let word = "COUNT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("count")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Series: QueryCommand {
    static let word = "SERIES"
    static let shape = ReplyPrinter.Shape.series
    static let configuration = described("series")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Top: QueryCommand {
    static let word = "TOP"
    static let shape = ReplyPrinter.Shape.ranking
    static let configuration = described("top")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Distinct: QueryCommand {
    static let word = "DISTINCT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("distinct")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Names: QueryCommand {
    static let word = "NAMES"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("names")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Seen: QueryCommand {
    static let word = "SEEN"
    static let shape = ReplyPrinter.Shape.seen
    static let configuration = described("seen")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Messages: QueryCommand {
    static let word = "MESSAGES"
    static let shape = ReplyPrinter.Shape.messages
    static let configuration = described("messages")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Get: QueryCommand {
    static let word = "GET"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("get")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Info: QueryCommand {
    static let word = "INFO"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("info")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}

struct Checkpoint: QueryCommand {
    static let word = "CHECKPOINT"
    static let shape = ReplyPrinter.Shape.scalar
    static let configuration = described("checkpoint")
    @OptionGroup var target: Target
    @Argument(parsing: .remaining) var words: [String] = []
}
