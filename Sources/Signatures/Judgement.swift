/// What was found of one message's signature, and by whom it claims to be.
package struct Judgement: Sendable, Equatable {
    package var verdict: Verdict
    /// The certificate's common name, where a trusted chain leads to it.
    package var name: String?
    /// More than the verdict says: libcrypto's reason for refusing a chain; empty if there is none.
    package var detail: String

    init(_ verdict: Verdict, name: String? = nil, detail: String = "") {
        self.verdict = verdict
        self.name = name
        self.detail = detail
    }
}
