// What could go wrong: a message that was altered, or signed by a stranger, passes; one that the
// bus signed is refused, because its canonical text is not Python's, or because an archive changed
// it; the verdict is right and its reason is wrong. Python's `cryptography` signs here, and its
// `json` writes what is signed.
import Envelope
import Model
import Signatures
import Testing

@Suite(.enabled(if: SigningProgram.obstacle == nil, "\(SigningProgram.obstacle ?? "")"))
struct VerdictTests {
    /// What each name of `trust` stands for: authorities and lists.
    private static let files: [String: (String, String?)] = [
        "ca": ("ca.pem", nil), "both": ("both.pem", nil), "short": ("short.pem", nil),
        "crl": ("ca.pem", "crl.pem"), "stale": ("ca.pem", "stale.pem"),
        "strange": ("ca.pem", "strange.pem"),
    ]

    private func parser(
        _ item: SigningProgram.Case, _ made: SigningProgram, _ mode: SignaturePolicy.Mode
    ) throws -> (EnvelopeParser, SignaturePolicy) {
        let (authorities, lists) = try #require(Self.files[item.trust])
        let policy = SignaturePolicy(
            mode: mode,
            files: try TrustFiles(
                authorities: made.path(authorities), lists: lists.map(made.path),
                now: Timestamp(seconds: item.now)),
            routing: RoutingPolicy(names: item.routing ?? [:], isNitpicky: item.isNitpicky))
        let checker = SignatureChecker(policy, origin: item.isLive ? .live : .archive)
        return (EnvelopeParser(profile: .fedora, signatures: checker), policy)
    }

    private func append(
        _ item: SigningProgram.Case, _ parser: EnvelopeParser, _ batch: inout RecordBatch
    ) -> ParseOutcome {
        item.text.withUnsafeBytes {
            parser.append(
                $0, frameTopic: nil, arrival: Timestamp(seconds: item.now), to: &batch)
        }
    }

    @Test func eachMessageGetsItsVerdict() throws {
        let made = try SigningProgram.made.get()
        var seen: Set<String> = []
        for item in made.cases {
            let (parser, policy) = try parser(item, made, .require)
            var batch = RecordBatch()
            let outcome = append(item, parser, &batch)
            let judgement = try #require(parser.judgement, "\(item.name)")
            #expect(
                judgement.verdict.rawValue == item.verdict,
                "\(item.name): \(judgement.detail), seed \(made.seed)")
            // What is refused is not half in the batch.
            let isValid = item.verdict == "valid"
            #expect(batch.count == (isValid ? 1 : 0), "\(item.name)")
            let wanted =
                isValid ? .record : Rejection(rawValue: item.verdict).map(ParseOutcome.rejected)
            #expect(outcome == wanted, "\(item.name)")
            if let signer = item.signer { #expect(judgement.name == signer) }
            #expect(policy.figures.map(\.verdict.rawValue) == [item.verdict])
            seen.insert(item.verdict)
        }
        #expect(made.cases.count > 1_000, "most random messages survive Python's own reading")
        #expect(seen == Set(Verdict.allCases.map(\.rawValue)), "there is a case of every verdict")
    }

    @Test func whatIsMarkedIsTakenWithItsVerdict() throws {
        let made = try SigningProgram.made.get()
        for item in made.cases where !item.name.hasPrefix("random") {
            let (parser, _) = try parser(item, made, .mark)
            var batch = RecordBatch()
            #expect(append(item, parser, &batch) == .record, "\(item.name)")
            batch.forEach { _, record in
                let names = (0..<record.nameCount).map { record.name(at: $0) }
                let marks = names.filter { $0.dimension == .signature }
                    .map { String(decoding: record.text(of: $0), as: UTF8.self) }
                #expect(marks == [item.verdict], "\(item.name)")
                #expect(Array(record.payload) == item.text, "the payload stays as it came")
            }
        }
    }

    /// A thousand other names do not crowd the verdict out.
    @Test func aMarkIsNeverLeftOut() throws {
        let made = try SigningProgram.made.get()
        let users = (0..<2_000).map { "\"u\($0)\"" }.joined(separator: ",")
        let text = """
            {"topic":"org.example.prod.bodhi.update.comment","timestamp":1700000000,\
            "msg":{"agent":"ann","update":{"builds":[\(users)],"user":{"name":"ann"},\
            "title":[\(users)],"users":[\(users)]}}}
            """
        var item = try #require(made.cases.first)
        item.text = Array(text.utf8)
        let (parser, _) = try parser(item, made, .mark)
        var batch = RecordBatch()
        #expect(append(item, parser, &batch) == .record)
        batch.forEach { _, record in
            #expect(record.name(at: 1).dimension == .signature)
        }
    }
}
