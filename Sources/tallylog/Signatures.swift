import ArgumentParser
import Engine
import Envelope
import Model
import Query
import Signatures

/// Says of envelopes whether their signatures are valid, without a store.
struct SignaturesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signatures",
        abstract: "Says whether messages are signed as the bus signs, one JSON object a line",
        discussion: """
            For each envelope of the file: "line" (its number), "id" (null where it is of another \
            form than the bus's; made of the content where there is none), "verdict" (a word), \
            "reason" (a sentence), "name" (the certificate's common name, or null). Certificates \
            must have been valid at each message's own time, and at --at where it is given: as of \
            a message that arrives then. What a datagrepper changes in envelopes is undone. The \
            exit code is 1 if not all are valid.

            With --valid the envelopes that are valid are printed instead, as they stand, to be \
            imported: after the authorities were mended, for example,

              tallylog rejected --data DIR --envelopes |
                tallylog signatures --ca FILE --valid - | tallylog import --data DIR -
            """)

    @Option(help: .init("The authorities' certificates, in PEM.", valueName: "file"))
    var ca: String
    @Option(help: .init("Revocation lists, in PEM.", valueName: "file"))
    var crl: String?
    @Option(
        help: .init(
            "Which certificates may speak on which topics: a mapping in YAML or JSON.",
            valueName: "file"))
    var routing: String?
    @Flag(help: "Refuse topics that the routing policy does not list.")
    var nitpicky = false
    @Option(help: .init("Certificates must be valid at this time too.", valueName: "time"))
    var at: String?
    @Flag(help: "Print the envelopes that are valid, and nothing else.")
    var valid = false
    @Argument(help: "The file of JSON lines, or - for standard input.")
    var file: String

    mutating func run() throws {
        let now = try at.map(Self.time)
        let policy = try policy()
        let parser = EnvelopeParser(
            profile: .none, signatures: SignatureChecker(policy, origin: .archive, alsoAt: now))
        let lines = try LineReader(path: file)
        var batch = RecordBatch()
        var output: [UInt8] = []
        var areAllValid = true
        var number = 0
        while let line = try lines.next(skipsBlank: false) {
            number += 1
            batch.removeAll()
            let outcome = line.withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: WallClock.now, to: &batch)
            }
            let isValid = outcome == .record && parser.judgement?.verdict == .valid
            areAllValid = areAllValid && isValid
            if !valid {
                output += object(number, outcome, parser.judgement, batch).utf8
            } else if isValid {
                output += line
            }
            if !valid || isValid { output.append(UInt8(ascii: "\n")) }
            if output.count > 1 << 16 {
                Terminal.write(output, to: 1)
                output.removeAll(keepingCapacity: true)
            }
        }
        Terminal.write(output, to: 1)
        if !areAllValid { throw ExitStatus.failed }
    }

    private func policy() throws -> SignaturePolicy {
        var rules = RoutingPolicy()
        if let routing {
            do { rules = try RoutingFile.policy(in: routing) } catch {
                throw ValidationError("--routing \(error).")
            }
        }
        rules.isNitpicky = nitpicky
        do {
            return SignaturePolicy(
                mode: .mark,
                files: try TrustFiles(authorities: ca, lists: crl, now: WallClock.now),
                routing: rules)
        } catch {
            throw ValidationError("\(error.isList ? "--crl" : "--ca"): \(error).")
        }
    }

    private static func time(_ text: String) throws -> Timestamp {
        do { return try FeedSettings.time(text) } catch {
            throw ValidationError("--at is '\(text)'; accepted: \(TimeText.accepted).")
        }
    }

    private func object(
        _ number: Int, _ outcome: ParseOutcome, _ judgement: Judgement?, _ batch: RecordBatch
    ) -> String {
        if case .rejected(let rejection) = outcome {
            return line(number, "null", rejection.code, rejection.sentence, nil)
        }
        var id = "null"
        batch.forEach { _, record in
            if let text = record.id.exactText { id = ReplyJSON.quoted(text) }
        }
        guard let judgement else { preconditionFailure("every envelope is judged here") }
        let detail = judgement.detail.isEmpty ? "" : " (\(judgement.detail))"
        return line(
            number, id, judgement.verdict.rawValue, judgement.verdict.sentence + detail,
            judgement.name)
    }

    private func line(
        _ number: Int, _ id: String, _ verdict: String, _ reason: String, _ name: String?
    ) -> String {
        let quotedName = name.map(ReplyJSON.quoted) ?? "null"
        return "{\"line\":\(number),\"id\":\(id),\"verdict\":\"\(verdict)\","
            + "\"reason\":\(ReplyJSON.quoted(reason)),\"name\":\(quotedName)}"
    }
}
