import ArgumentParser
import Envelope
import Model

/// Says what a profile finds in envelopes, without a store.
struct Extract: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whom and what messages are about, one JSON object a line",
        discussion: """
            For each envelope of the file: "users", "packages" and "objects", which are sorted \
            lists, and "agent", a text or null. A line that is no envelope gives an object with \
            "error" instead, and its number and the reason on standard error, so that the lines of \
            the output are those of the input. The exit code is 1 if there was such a line.
            """)

    @OptionGroup var naming: ProfileOptions
    @Flag(help: "Add the rule that counted: its pattern, and the profile's line.")
    var explain = false
    @Argument(help: "The file of JSON lines, or - for standard input.")
    var file: String

    mutating func run() throws {
        let parser = EnvelopeParser(profile: try naming.load())
        let lines = try LineReader(path: file)
        var output: [UInt8] = []
        var refused = false
        var number = 0
        while let line = try lines.next(skipsBlank: false) {
            number += 1
            switch line.withUnsafeBytes({ parser.names(in: $0) }) {
            case .success(let names): output += object(names)
            case .failure(let rejection):
                refused = true
                Terminal.complain("line \(number): \(rejection.sentence)")
                output += "{\"error\":\(ReplyJSON.quoted(rejection.sentence))}".utf8
            }
            output.append(UInt8(ascii: "\n"))
            if output.count > 1 << 16 {
                Terminal.write(output, to: 1)
                output.removeAll(keepingCapacity: true)
            }
        }
        Terminal.write(output, to: 1)
        if refused { throw ExitStatus.failed }
    }

    private func object(_ names: ExtractedNames) -> String.UTF8View {
        var members = [
            "\"users\":\(list(names.users))",
            "\"packages\":\(list(names.packages))",
            "\"objects\":\(list(names.objects))",
            "\"agent\":\(names.agent.map(ReplyJSON.quoted) ?? "null")",
        ]
        if explain { members.append("\"rule\":\(ReplyJSON.quoted(names.rule))") }
        return "{\(members.joined(separator: ","))}".utf8
    }

    private func list(_ names: [String]) -> String {
        "[\(names.map(ReplyJSON.quoted).joined(separator: ","))]"
    }
}

/// Shows the profiles that are part of the program.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Shows which fields of messages name users, packages and objects",
        subcommands: [Show.self, Check.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a profile that is part of the program, to read or to begin with")

        @Argument(help: "fedora, generic or none.")
        var name = "fedora"

        mutating func run() throws {
            guard let text = Profile.text(named: name) else {
                throw ValidationError(
                    "No profile \(name); there are \(Profile.names.joined(separator: ", ")).")
            }
            Terminal.write(text, to: 1)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads a profile and a file of aliases, and says what is wrong with them")

        @OptionGroup var naming: ProfileOptions

        mutating func run() throws {
            let profile = try naming.load()
            Terminal.print(lines: [
                "\(profile.name): \(profile.rules.count) rules, \(profile.aliases.count) aliases"
            ])
        }
    }
}
