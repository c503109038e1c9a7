import ArgumentParser
import Query

/// A command that asks one question with the protocol's words.
protocol QueryCommand: ParsableCommand {
    static var word: String { get }
    static var shape: AnswerTable.Shape { get }
    var target: Target { get }
    var output: OutputOptions { get }
    var words: [String] { get }
}

extension QueryCommand {
    mutating func run() throws { try answer() }

    /// Asks and prints.
    func answer() throws {
        let printer = AnswerPrinter(
            question: AskedQuestion(Self.word, words, zoneName: output.zoneName),
            shape: Self.shape, options: output)
        do {
            guard let pause = output.watchSeconds else {
                return try printer.print(target.ask(printer.question.words))
            }
            try Watching.forever(pause: pause) { isFirst in
                try printer.printAgain(target.ask(printer.question.words), isFirst: isFirst)
            }
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
