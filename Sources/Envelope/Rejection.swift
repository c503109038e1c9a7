import Model
import Signatures

/// Why a message is not taken into the log. The raw value is the word that side files and counters
/// use; it never changes its meaning.
package enum Rejection: String, Error, Sendable, CaseIterable {
    case frameCount = "frame-count"
    case tooLong = "too-long"
    case notUTF8 = "not-utf8"
    case notJSON = "not-json"
    case notAnObject = "not-an-object"
    case tooDeep = "too-deep"
    case topicMissing = "topic-missing"
    case topicNotString = "topic-not-string"
    case topicTooLong = "topic-too-long"
    case topicMismatch = "topic-mismatch"
    case timestampInvalid = "timestamp-invalid"
    case timestampOutOfRange = "timestamp-out-of-range"
    // What a feed that requires signatures refuses; the words are those of `Verdict`.
    case unsigned
    case signedByGPG = "signed-by-gpg"
    case signatureMalformed = "signature-malformed"
    case signatureMismatch = "signature-mismatch"
    case signatureRewritten = "signature-rewritten"
    case certificateUntrusted = "certificate-untrusted"
    case certificateExpired = "certificate-expired"
    case certificateNotYetValid = "certificate-not-yet-valid"
    case certificateRevoked = "certificate-revoked"
    case crlStale = "crl-stale"
    case certificateMisrouted = "certificate-misrouted"
    case topicUnrouted = "topic-unrouted"

    /// - Returns: nil for a signature that is valid.
    init?(_ verdict: Verdict) { self.init(rawValue: verdict.rawValue) }

    /// The word for it.
    package var code: String { rawValue }

    /// The place in `allCases`, for arrays of counters.
    package var index: Int {
        guard let place = Self.allCases.firstIndex(of: self) else {
            preconditionFailure("a rejection is one of its cases")
        }
        return place
    }

    /// What was wrong and what is accepted, as a sentence.
    package var sentence: String {
        switch self {
        case .frameCount:
            "The message has another number of ZeroMQ frames than two, the topic and the envelope."
        case .tooLong:
            "The envelope is longer than \(Limits.payloadBytesMax) bytes."
        case .notUTF8:
            "The envelope is not UTF-8."
        case .notJSON:
            "The envelope is not JSON."
        case .notAnObject:
            "The envelope is JSON, but not an object."
        case .tooDeep:
            "The envelope nests deeper than \(Limits.jsonDepthMax) levels."
        case .topicMissing:
            "The envelope has no topic, or an empty one."
        case .topicNotString:
            "The envelope's topic is not a string."
        case .topicTooLong:
            "The envelope's topic is longer than \(Limits.nameBytesMax) bytes."
        case .topicMismatch:
            "The envelope's topic differs from the topic that the message was published under."
        case .timestampInvalid:
            "The envelope's timestamp is not a finite number of seconds since 1970."
        case .timestampOutOfRange:
            """
            The envelope's timestamp is before 2000 or more than \
            \(Limits.timestampAheadSecondsMax / 86_400) days ahead of its arrival.
            """
        case .unsigned, .signedByGPG, .signatureMalformed, .signatureMismatch,
            .signatureRewritten, .certificateUntrusted, .certificateExpired,
            .certificateNotYetValid, .certificateRevoked, .crlStale, .certificateMisrouted,
            .topicUnrouted:
            verdict.sentence
        }
    }
}

extension Rejection {
    private var verdict: Verdict {
        guard let verdict = Verdict(rawValue: rawValue) else {
            preconditionFailure("a rejection for a signature has its verdict's word")
        }
        return verdict
    }
}

/// What became of an envelope.
package enum ParseOutcome: Equatable, Sendable {
    /// A record was appended to the batch.
    case record
    /// Nothing was appended.
    case rejected(Rejection)
}
