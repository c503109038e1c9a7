import Envelope
import Model
import Rules

/// Files that people write: read, or refused with a place and a reason. What was read works.
enum ConfigurationTarget {
    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let text = Array(bytes.dropFirst())
        do throws(ConfigurationError) {
            switch kind % 4 {
            case 0: try profile(text)
            case 1: _ = try Aliases.read(text, file: "aliases")
            case 2: for rule in try RuleReader.rules(text, file: "rules") { try use(rule) }
            default: try use(try RuleReader.rule(text, file: "rule"))
            }
        } catch {
            precondition(!error.description.isEmpty, "a refusal is in words")
        }
    }

    private static func profile(_ text: [UInt8]) throws(ConfigurationError) {
        let parser = EnvelopeParser(profile: try Profile.read(text, file: "profile"))
        var batch = RecordBatch()
        for message in LogImage.messages.prefix(3) {
            let outcome = Array(message.envelope.utf8).withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: StoreImage.now, to: &batch)
            }
            precondition(outcome == .record, "a profile rejects no message")
        }
    }

    private static func use(_ rule: Rule) throws(ConfigurationError) {
        guard (try? RuleProgram(rule)) != nil else { return }
        let again = try? RuleReader.rule(Array(rule.canonicalText.utf8), file: "again")
        precondition(again == rule, "a rule's text is the rule: \(rule.canonicalText)")
    }
}
