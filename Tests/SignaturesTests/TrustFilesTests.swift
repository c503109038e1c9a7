// What could go wrong: a certificate that was verified once counts for ever, whatever is revoked or
// expires; a newer file is not seen until a restart; each message that fails reads the files again;
// a file that is being written takes away all trust.
import Envelope
import Foundation
import Model
import Signatures
import TestSupport
import Testing

@Suite(.enabled(if: SigningProgram.obstacle == nil, "\(SigningProgram.obstacle ?? "")"))
struct TrustFilesTests {
    private let made: SigningProgram
    private let directory = TemporaryDirectory()
    private let start: Int64 = 1_700_000_001

    init() throws { made = try SigningProgram.made.get() }

    private var authorities: String { directory.path + "/ca.pem" }
    private var lists: String { directory.path + "/crl.pem" }

    private func put(_ name: String, at path: String) throws {
        try made.content(name).write(to: URL(filePath: path), options: .atomic)
    }

    private func files(hasLists: Bool = true) throws -> TrustFiles {
        try TrustFiles(
            authorities: authorities, lists: hasLists ? lists : nil,
            now: Timestamp(seconds: start))
    }

    private func parser(_ files: TrustFiles) -> EnvelopeParser {
        EnvelopeParser(
            profile: .fedora,
            signatures: SignatureChecker(
                SignaturePolicy(mode: .mark, files: files), origin: .live))
    }

    private func verdict(
        _ message: [UInt8], _ parser: EnvelopeParser, after seconds: Int64
    ) -> Verdict? {
        var batch = RecordBatch()
        let outcome = message.withUnsafeBytes {
            parser.append(
                $0, frameTopic: nil, arrival: Timestamp(seconds: start + seconds), to: &batch)
        }
        return outcome == .record ? parser.judgement?.verdict : nil
    }

    @Test func aNewListCountsForWhatWasVerified() throws {
        try put("ca.pem", at: authorities)
        try put("empty-crl.pem", at: lists)
        let files = try files()
        let parser = parser(files)
        let message = try made.message("revoked")
        #expect(verdict(message, parser, after: 0) == .valid)
        try put("crl.pem", at: lists)
        #expect(verdict(message, parser, after: 59) == .valid, "nobody has looked yet")
        #expect(verdict(message, parser, after: 61) == .revoked)
        #expect(verdict(message, parser, after: 62) == .revoked)
        #expect(files.report.readings == 1)
    }

    @Test func aFailureReadsNewerFilesOnce() throws {
        try put("other.pem", at: authorities)
        let files = try files(hasLists: false)
        let parser = parser(files)
        let message = try made.message("as it is sent")
        for second in Int64(0)..<20 {
            #expect(verdict(message, parser, after: second) == .untrusted)
        }
        #expect(files.report.readings == 0, "files that have not changed are not read again")
        try put("ca.pem", at: authorities)
        #expect(verdict(message, parser, after: 21) == .valid, "at once")
        // Within the second the files are left alone, however many messages fail.
        try put("other.pem", at: authorities)
        let strange = try made.message("signed by itself")
        #expect(verdict(strange, parser, after: 21) == .untrusted)
        #expect(verdict(message, parser, after: 21) == .valid)
        #expect(files.report.readings == 1)
        #expect(verdict(strange, parser, after: 23) == .untrusted)
        #expect(verdict(message, parser, after: 23) == .untrusted, "the authority is gone")
        #expect(files.report.readings == 2)
    }

    @Test func aListThatIsLateIsReadWhenItComes() throws {
        try put("ca.pem", at: authorities)
        try put("stale.pem", at: lists)
        let parser = parser(try files())
        let message = try made.message("as it is sent")
        #expect(verdict(message, parser, after: 0) == .staleList)
        try put("crl.pem", at: lists)
        #expect(verdict(message, parser, after: 2) == .valid)
    }

    @Test func verifiedCertificatesExpire() throws {
        try put("ca.pem", at: authorities)
        let parser = parser(try files(hasLists: false))
        let message = try made.message("as it is sent")
        let year: Int64 = 365 * 86_400
        #expect(verdict(message, parser, after: 0) == .valid)
        #expect(verdict(message, parser, after: year - 1) == .valid, "its last second")
        #expect(verdict(message, parser, after: year) == .expired)
    }

    @Test func whatCannotBeReadLeavesTheOldTrust() throws {
        try put("ca.pem", at: authorities)
        try put("crl.pem", at: lists)
        let files = try files()
        let parser = parser(files)
        let message = try made.message("as it is sent")
        let half = try made.content("crl.pem").prefix(200)
        try half.write(to: URL(filePath: lists))
        #expect(verdict(message, parser, after: 61) == .valid)
        #expect(files.report.failure?.description.contains("is no PEM of revocation lists") == true)
        try FileManager.default.removeItem(atPath: lists)
        #expect(verdict(message, parser, after: 130) == .valid)
        #expect(files.report.failure?.description.contains("No such file") == true)
        try put("crl.pem", at: lists)
        #expect(verdict(message, parser, after: 200) == .valid)
        #expect(files.report.failure == nil && files.report.readings == 1)
    }

    @Test func filesThatCannotBeUsedAreNamed() throws {
        try put("ca.pem", at: authorities)
        let wrong = directory.path + "/wrong.pem"
        let authority = String(decoding: try made.content("ca.pem"), as: UTF8.self)
        for (content, part) in [
            ("", "is empty"), ("hello\n", "is no PEM of certificates"),
            (authority + authority.prefix(300), "is no PEM of certificates"),
            (authority.replacing("MII", with: "MIX"), "is no PEM of certificates"),
        ] {
            try Data(content.utf8).write(to: URL(filePath: wrong))
            #expect(throws: TrustFileError.self, "\(part)") {
                do {
                    _ = try TrustFiles(
                        authorities: wrong, lists: nil, now: Timestamp(seconds: start))
                } catch {
                    #expect("\(error)".hasPrefix("\(wrong) \(part)"), "\(error)")
                    throw error
                }
            }
        }
        #expect(throws: TrustFileError.self) {
            try TrustFiles(
                authorities: authorities, lists: authorities, now: Timestamp(seconds: start))
        }
    }
}
