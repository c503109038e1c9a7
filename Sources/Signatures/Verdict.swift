/// What became of a message's signature. The raw value is the word that counters, the side file and
/// the dimension `signature` use; it never changes its meaning.
package enum Verdict: String, Sendable, CaseIterable {
    /// Signed over just these bytes, by a certificate that a configured authority vouches for and
    /// that may speak on this topic.
    case valid
    case unsigned
    case gpg = "signed-by-gpg"
    case malformed = "signature-malformed"
    case altered = "signature-mismatch"
    case rewritten = "signature-rewritten"
    case untrusted = "certificate-untrusted"
    case expired = "certificate-expired"
    case notYetValid = "certificate-not-yet-valid"
    case revoked = "certificate-revoked"
    case staleList = "crl-stale"
    case misrouted = "certificate-misrouted"
    case unrouted = "topic-unrouted"

    /// The place in `allCases`, for arrays of counters.
    package var index: Int {
        guard let place = Self.allCases.firstIndex(of: self) else {
            preconditionFailure("a verdict is one of its cases")
        }
        return place
    }

    /// What it means, as a sentence.
    package var sentence: String {
        switch self {
        case .valid:
            "The signature is right, and its certificate is trusted and may speak on the topic."
        case .unsigned:
            "The envelope has no signature; accepted: x509 signatures of the bus."
        case .gpg:
            """
            The envelope is signed by gpg, which is not verified: such a signature covers neither \
            topic, time nor id; accepted: x509 signatures of the bus.
            """
        case .malformed:
            """
            The signature or the certificate cannot be read; accepted: crypto "x509", a signature \
            in base 64, and a certificate of an RSA key in PEM in base 64.
            """
        case .altered:
            "The signature is not one over this envelope by the certificate's key."
        case .rewritten:
            """
            The signature does not fit the envelope, which a datagrepper wrote anew in a way that \
            cannot be undone, or somebody altered.
            """
        case .untrusted:
            "No configured authority vouches for the certificate."
        case .expired:
            "The certificate, or one above it, had expired."
        case .notYetValid:
            "The certificate, or one above it, was not valid yet."
        case .revoked:
            "The certificate, or one above it, is revoked."
        case .staleList:
            """
            A revocation list is out of date, or there is none of the certificate's issuer: what \
            has been revoked since cannot be known.
            """
        case .misrouted:
            "The routing policy does not permit the certificate's name on the topic."
        case .unrouted:
            "The routing policy, which is nitpicky, does not list the topic."
        }
    }
}
