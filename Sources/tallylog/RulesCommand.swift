import ArgumentParser
import Envelope
import Model
import Query
import Rules

/// Files of rules, read and tried.
struct RulesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Checks files of rules, which say what is counted besides the usual",
        subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads a file of rules and says what is wrong with it",
            discussion: """
                With --data or --socket the rules are also tried on the newest messages of the \
                store, and what they would count is shown. Exit code 1 means a mistake in the file.

                  tallylog rules check --data DIR badges.yaml
                """)

        @Argument(help: "The file.") var file: String
        @Option(help: .init("The socket of a running server.", valueName: "path"))
        var socket: String?
        @Option(help: .init("A data directory.", valueName: "dir"))
        var data: String?
        @Option(help: .init("Try the rules on so many messages.", valueName: "rows"))
        var messages = 1_000
        @OptionGroup var naming: ProfileOptions

        mutating func validate() throws {
            guard (1...Limits.replyRowsMax).contains(messages) else {
                throw ValidationError("--messages takes 1 to \(Limits.replyRowsMax).")
            }
        }

        mutating func run() throws {
            var rules: [Rule] = []
            do { rules = try RuleReader.rules(inFile: file) } catch {
                Terminal.complain("\(error)")
                throw ExitStatus.failed
            }
            guard socket != nil || data != nil else {
                for rule in rules { Terminal.print(lines: ["\(rule.name): \(Self.shape(rule))"]) }
                return
            }
            var target = Target()
            (target.socket, target.data) = (socket, data)
            let envelopes: [[UInt8]]
            do { envelopes = try Self.newest(messages, of: target) } catch {
                Terminal.complain("\(error)")
                throw ExitStatus.failed
            }
            let profile = try naming.load()
            for rule in rules {
                var trial = try RuleTrial(rule, profile)
                for envelope in envelopes { trial.take(envelope) }
                Terminal.print(lines: trial.lines)
            }
        }

        /// The newest messages of a store, those that are whole.
        private static func newest(_ count: Int, of target: Target) throws -> [[UInt8]] {
            let reply = try target.ask(["MESSAGES", "LIMIT", "\(count)"])
            guard case .array(let page) = reply, page.count == 2 else { return [] }
            return ReplyReading.rows(page[1], of: 3).reversed().compactMap { row in
                if case .bulk(let envelope) = row[2] { envelope } else { nil }
            }
        }

        private static func shape(_ rule: Rule) -> String {
            let keys = rule.keys.map(\.name).joined(separator: ", ")
            let aggregates = ["count"] + rule.aggregates.map(\.name)
            let widths = rule.widths.map { RuleWords.text(ofSeconds: $0.seconds) }
            return aggregates.joined(separator: ", ") + " by " + (keys.isEmpty ? "nothing" : keys)
                + ", per " + widths.joined(separator: ", ")
        }
    }
}

/// A rule, tried on some messages.
struct RuleTrial: ~Copyable {
    private let program: RuleProgram
    private let parser: EnvelopeParser
    private var evaluator: RuleEvaluator
    private var message = RuleMessage()
    private var looked = 0
    private var wanted = 0
    private var counted = 0
    private var groups: [[UInt8]: GroupState] = [:]

    private static let groupsShown = 5

    init(_ rule: Rule, _ profile: Profile) throws {
        program = try RuleProgram(rule)
        parser = EnvelopeParser(profile: profile)
        evaluator = RuleEvaluator(aliases: profile.aliases)
    }

    mutating func take(_ envelope: [UInt8]) {
        looked += 1
        guard let topic = readNames(envelope), program.wants(topic: topic) else { return }
        wanted += 1
        message.sequence += 1
        var found: [([UInt8], GroupState)] = []
        // The evaluator looks at the bytes that it has begun with.
        envelope.withUnsafeBytes { bytes in
            guard evaluator.begin(bytes) else { return }
            evaluator.evaluate(program, message) { key, contribution in
                found.append((key, contribution.state(program)))
            }
        }
        if !found.isEmpty { counted += 1 }
        for (key, state) in found {
            if groups[key]?.merge(state) == nil { groups[key] = state }
        }
    }

    /// - Returns: the message's topic.
    private mutating func readNames(_ envelope: [UInt8]) -> String? {
        var names = RuleMessage().names
        let isMessage = envelope.withUnsafeBytes { bytes in
            parser.forEachName(in: bytes) { dimension, text in
                names[Int(dimension.code)].append(Array(text))
            }
        }
        guard isMessage, let topic = names[Int(Dimension.topic.code)].first else { return nil }
        message.names = names
        message.setTopic(topic, category: Category.of(topic: topic))
        return String(decoding: topic, as: UTF8.self)
    }

    /// What came of it.
    var lines: [String] {
        var lines = [
            "\(program.rule.name): of \(looked) messages \(wanted) have its topics, \(counted) "
                + "count, for \(groups.count) groups"
        ]
        let ranked = groups.sorted { left, right in
            left.value.count != right.value.count
                ? left.value.count > right.value.count
                : left.key.lexicographicallyPrecedes(right.key)
        }
        for (key, state) in ranked.prefix(Self.groupsShown) {
            let values = (GroupKey.values(key) ?? []).map { String(decoding: $0, as: UTF8.self) }
            let name = values.isEmpty ? "all" : values.joined(separator: ", ")
            lines.append("  \(name): \(state.count)" + parts(state))
        }
        if groups.count > Self.groupsShown {
            lines.append("  and \(groups.count - Self.groupsShown) more")
        }
        return lines
    }

    private func parts(_ state: GroupState) -> String {
        zip(program.rule.aggregates, state.parts).map { aggregate, part in
            ", \(aggregate.name) " + Self.text(of: part)
        }.joined()
    }

    private static func text(of part: AggregateState) -> String {
        switch part {
        case .sum(let sum): return sum.total.text
        case .min(let extreme), .max(let extreme): return extreme.number?.text ?? "-"
        case .distinct(let sketch): return "\(sketch.estimate)"
        case .latest(let entry):
            let texts = (entry.message?.texts ?? []).map { text in
                text.map { String(decoding: $0, as: UTF8.self) } ?? "-"
            }
            return texts.joined(separator: " ")
        case .quantiles(let sketch):
            return RuleQuestion.usualQuantiles.map { sketch.quantile($0)?.text ?? "-" }
                .joined(separator: " ")
        }
    }
}
