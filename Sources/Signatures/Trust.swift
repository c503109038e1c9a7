import CSignatures

/// Authorities and revocation lists as they were read once.
///
/// Unchecked, since only libcrypto's store is in it, which several threads may use.
@safe
package final class Trust: @unchecked Sendable {
    fileprivate let handle: OpaquePointer
    package let authorities: Int
    package let lists: Int
    /// When the first of the lists is out of date, in seconds since 1970; nil if none ever is.
    package let listsEnd: Int64?

    enum Malformed: Error { case authorities, lists }

    /// - Parameters:
    ///   - authorities: one certificate or more, in PEM.
    ///   - lists: one revocation list or more, in PEM; nil: nothing is looked up.
    init(authorities: [UInt8], lists: [UInt8]?) throws(Malformed) {
        var made: OpaquePointer?
        var content = tallylog_trust_content()
        var listIsWrong: Int32 = 0
        let code = unsafe authorities.withUnsafeBufferPointer { first in
            unsafe (lists ?? []).withUnsafeBufferPointer { second in
                unsafe tallylog_trust_create(
                    first.baseAddress, first.count, lists == nil ? nil : second.baseAddress,
                    second.count, &made, &content, &listIsWrong)
            }
        }
        guard let made = unsafe made else {
            precondition(
                Int(code) == TALLYLOG_SIGNATURES_NOT_PEM, "there is memory for certificates")
            throw listIsWrong != 0 ? .lists : .authorities
        }
        unsafe handle = unsafe made
        self.authorities = Int(content.certificates)
        self.lists = Int(content.lists)
        listsEnd = content.lists_end == .max ? nil : content.lists_end
    }

    deinit { unsafe tallylog_trust_destroy(handle) }
}

/// A certificate that a trusted chain leads to, with its key made ready. For one thread at a time.
@safe
final class Signer {
    /// Why a certificate is no signer's.
    struct Refused: Error {
        var verdict: Verdict
        var detail: String
    }

    private let handle: OpaquePointer
    /// In which all links of the chain are valid, in seconds since 1970.
    let validity: ClosedRange<Int64>
    /// The common name; empty if there is none, or if it is no text.
    let name: String

    /// - Parameters:
    ///   - certificate: PEM in base 64; what follows the first may be links of its chain.
    ///   - time: in seconds since 1970.
    init(_ certificate: [UInt8], _ trust: Trust, at time: Int64) throws(Refused) {
        var made: OpaquePointer?
        var words = [CChar](repeating: 0, count: 128)
        let code = unsafe certificate.withUnsafeBufferPointer { text in
            unsafe tallylog_signer_create(
                trust.handle, text.baseAddress, text.count, time, &made, &words, words.count)
        }
        guard let made = unsafe made else {
            throw Refused(verdict: Self.verdict(of: Int(code)), detail: Self.text(words))
        }
        unsafe handle = unsafe made
        let span = unsafe tallylog_signer_validity(made)
        // A chain that was valid at a time has a span around it.
        validity = span.start...max(span.start, span.end)
        var length = 0
        let text = unsafe tallylog_signer_name(made, &length)
        name =
            unsafe String(
                validating: UnsafeBufferPointer(start: text, count: length), as: UTF8.self) ?? ""
    }

    deinit { unsafe tallylog_signer_destroy(handle) }

    /// Whether the signature, in base 64, is one over `text`; nil if it is no base 64.
    func hasSigned(_ text: UnsafeRawBufferPointer, _ signature: [UInt8]) -> Bool? {
        let code = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe tallylog_signer_verify(
                handle, text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count,
                signature.baseAddress, signature.count)
        }
        return code < 0 ? nil : code == 1
    }

    private static func text(_ words: [CChar]) -> String {
        String(
            decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func verdict(of code: Int) -> Verdict {
        switch code {
        case TALLYLOG_SIGNATURES_UNTRUSTED: return .untrusted
        case TALLYLOG_SIGNATURES_EXPIRED: return .expired
        case TALLYLOG_SIGNATURES_NOT_YET_VALID: return .notYetValid
        case TALLYLOG_SIGNATURES_REVOKED: return .revoked
        case TALLYLOG_SIGNATURES_NO_LIST: return .staleList
        case TALLYLOG_SIGNATURES_NOT_PEM, TALLYLOG_SIGNATURES_NOT_RSA: return .malformed
        default: preconditionFailure("there is memory for one certificate")
        }
    }
}
