import CSimdJSON
import Model
import Signatures

/// Finds in the envelope that was parsed last what its signature is, and over which text it should
/// be one, and lets it be judged.
@safe
final class EnvelopeSignatures {
    private let checker: SignatureChecker
    private let parser: OpaquePointer
    private var parts = SignedParts()

    /// - Parameter parser: outlives this.
    init(_ checker: SignatureChecker, _ parser: OpaquePointer) {
        self.checker = checker
        unsafe self.parser = unsafe parser
    }

    /// Whether what is not valid is rejected.
    var isRequired: Bool { checker.policy.mode == .require }

    func judge(topic: UnsafeRawBufferPointer, time: Timestamp, now: Timestamp) -> Judgement {
        findParts()
        return unsafe checker.judge(parts, topic: topic, time: time, now: now) { changes in
            var text: UnsafePointer<UInt8>?
            var length = 0
            let done = unsafe tallylog_json_signed_text(
                parser, changes.rawValue, &text, &length)
            precondition(done != 0, "there is memory for one message's canonical form")
            return unsafe UnsafeRawBufferPointer(start: text, count: length)
        }
    }

    private func findParts() {
        var fields = tallylog_json_signed()
        let done = unsafe tallylog_json_signed_fields(parser, &fields)
        precondition(done != 0, "there is memory for one message's fields")
        parts.changes = ArchiveChanges(rawValue: fields.changes)
        parts.scheme = scheme(fields)
        guard parts.scheme == .x509 else { return }
        read(fields.signature, into: &parts.signature)
        read(fields.certificate, into: &parts.certificate)
    }

    /// Archives write null for what a message has not.
    private func scheme(_ fields: tallylog_json_signed) -> SignedParts.Scheme {
        let isThere = { (value: tallylog_json_value) in
            Int(value.kind) != TALLYLOG_JSON_ABSENT && Int(value.kind) != TALLYLOG_JSON_NULL
        }
        guard isThere(fields.signature) || isThere(fields.certificate) else { return .none }
        var isX509 = isThere(fields.certificate)
        if isThere(fields.crypto) {
            switch word(fields.crypto) {
            case "x509": isX509 = true
            case "gpg": return .gpg
            default: return .unknown
            }
        }
        guard isX509 else { return .gpg }
        let areTexts =
            Int(fields.signature.kind) == TALLYLOG_JSON_STRING
            && Int(fields.certificate.kind) == TALLYLOG_JSON_STRING
        return areTexts ? .x509 : .unknown
    }

    private func word(_ value: tallylog_json_value) -> String {
        guard Int(value.kind) == TALLYLOG_JSON_STRING, value.end - value.start <= 64 else {
            return ""
        }
        var bytes: [UInt8] = []
        read(value, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func read(_ value: tallylog_json_value, into text: inout [UInt8]) {
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: repeatElement(0, count: Int(value.end - value.start)))
        let length = unsafe text.withUnsafeMutableBufferPointer { room in
            guard let start = room.baseAddress else { return 0 }
            var value = value
            return unsafe Int(tallylog_json_unescape(parser, &value, start))
        }
        text.removeLast(text.count - length)
    }
}
