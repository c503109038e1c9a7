import ArgumentParser
import Engine
import Envelope
import Logging
import Rules

/// Files of rules: what `serve` reads at its start.
enum RuleFiles {
    /// The rules of all files, in their order.
    static func read(_ paths: [String]) throws -> [Rule] {
        var rules: [Rule] = []
        for path in paths {
            do {
                for rule in try RuleReader.rules(inFile: path) {
                    if rules.contains(where: { $0.name == rule.name }) {
                        throw ValidationError(
                            "\(path): the rule \(rule.name) stands in another file too; accepted "
                                + "is each name once.")
                    }
                    rules.append(rule)
                }
            } catch let error as ConfigurationError {
                throw ValidationError("\(error)")
            }
        }
        return rules
    }

    /// Makes the store's rules those of the files; others stay.
    static func apply(_ rules: [Rule], to engine: Engine, _ logger: Logger) throws {
        for rule in rules {
            do {
                switch try engine.replace(rule) {
                case .unchanged: break
                case .created:
                    logger.info(
                        "a new rule is computed from the beginning of the log",
                        metadata: ["rule": "\(rule.name)"])
                case .replaced:
                    logger.info(
                        """
                        a rule has another definition: the old one is dropped, the new one \
                        computed from the beginning of the log
                        """,
                        metadata: ["rule": "\(rule.name)"])
                }
            } catch {
                // Messages do not depend on rules: what is there is served.
                logger.error(
                    "a rule was not created",
                    metadata: ["rule": "\(rule.name)", "reason": "\(error)"])
            }
        }
    }
}
