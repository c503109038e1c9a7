import ArgumentParser
import Client
import Glibc
import Model
import Query

/// Follows the log by one READ after the other: what a server has, then what comes.
struct Tail: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Prints messages as they come, in the order of the log",
        discussion: """
            Words: filters, as COUNT takes them. A line for each message: its sequence and its \
            envelope; with --json, [sequence,envelope]. Nothing is missed where --from is the \
            sequence behind the last one that was printed.

              tallylog tail --data DIR CATEGORY git
              tallylog tail --data DIR --from 1 --json USER ralph
            """)

    @OptionGroup var target: Target

    @Option(help: .init("The first sequence to look at; without it, new ones.", valueName: "seq"))
    var from: UInt64?

    @Option(help: .init("End after so many messages.", valueName: "number"))
    var count: Int?

    @Flag(help: "Print [sequence,envelope] on each line.")
    var json = false

    @Argument(help: "Filters.") var words: [String] = []

    func validate() throws {
        if let from, !(1...UInt64(Int64.max)).contains(from) {
            throw ValidationError("--from takes a sequence, 1 or more; such as --from 1.")
        }
        if let count, count < 1 {
            throw ValidationError("--count takes 1 or more messages; such as --count 10.")
        }
    }

    mutating func run() throws {
        Terminal.endQuietlyWhenInterrupted()
        var position = from.map { "\($0)" } ?? "$"
        var left = count ?? .max
        do {
            let client = try target.connect()
            while left > 0 {
                let rows = min(left, Self.pageRows)
                let read =
                    ["READ", "FROM", position] + words
                    + ["LIMIT", "\(rows)", "WAIT", "\(Limits.readWaitMillisecondsMax)"]
                let page = try Self.page(client.ask(read.map { Array($0.utf8) }))
                if !page.rows.isEmpty { Terminal.print(lines: page.rows.map(line)) }
                left -= page.rows.count
                position = page.next
            }
        } catch {
            let resume = position == "$" ? "" : "; go on with --from \(position)"
            Terminal.complain("\(error)\(resume)")
            throw ExitStatus.failed
        }
    }

    /// Small, so that lines come soon.
    private static let pageRows = 256

    private static func page(_ reply: Reply) throws -> (next: String, rows: [[Reply]]) {
        if case .error(let text) = reply { throw CommandFailure(protocolError: text) }
        guard case .array(let parts) = reply, parts.count == 2 else {
            throw CommandFailure("the server gave no page of messages")
        }
        return (ReplyReading.text(parts[0]), ReplyReading.rows(parts[1], of: 2))
    }

    private func line(_ row: [Reply]) -> String {
        if json { return ReplyJSON.withEnvelopeLast(.array(row)) }
        let text = row.map { ReplyReading.text($0) }.joined(separator: "  ")
        guard let screen = TerminalScreen.current else { return text }
        return StyledLine(text).text(withColour: screen.hasColour)
    }
}
