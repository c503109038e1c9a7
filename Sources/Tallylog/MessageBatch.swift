import Engine
import Envelope
import MessageLog
import Model

/// Messages that are parsed and wait to be appended together.
public struct MessageBatch: Sendable {
    var records = RecordBatch()
    private let profile: Profile

    /// - Parameter profile: which fields name users and packages: `fedora`, or `generic`; nil for
    ///   `fedora`.
    public init(profile: String? = nil) {
        self.profile = profile.flatMap(Profile.named) ?? .fedora
    }

    /// The number of messages.
    public var count: Int { records.count }

    /// Parses one envelope and adds it.
    /// - Returns: nil, or why the envelope was refused; the batch is as before then.
    public mutating func add(_ envelope: [UInt8]) -> Refusal? {
        add([envelope]).first?.refusal
    }

    /// Parses envelopes and adds those that are accepted.
    /// - Returns: the refused ones: their places in `envelopes`, and why.
    public mutating func add(_ envelopes: [[UInt8]]) -> [(place: Int, refusal: Refusal)] {
        let parser = EnvelopeParser(profile: profile)
        let arrival = WallClock.now
        var refused: [(place: Int, refusal: Refusal)] = []
        for (place, envelope) in envelopes.enumerated() {
            let outcome = unsafe envelope.withUnsafeBytes { bytes in
                unsafe parser.append(bytes, frameTopic: nil, arrival: arrival, to: &records)
            }
            if case .rejected(let rejection) = outcome {
                refused.append((place, Refusal(sentence: rejection.sentence)))
            }
        }
        return refused
    }
}

/// Why an envelope was refused.
public struct Refusal: Sendable, Hashable {
    /// One sentence: what was wrong, and what is accepted.
    public let sentence: String
}

/// What became of an appended message.
public enum Receipt: Sendable, Hashable {
    /// Durable at this sequence.
    case appended(sequence: UInt64)
    /// The log already had it, at this sequence.
    case duplicate(of: UInt64)

    init(_ outcome: AppendOutcome) {
        switch outcome {
        case .appended(let sequence): self = .appended(sequence: sequence)
        case .duplicate(let sequence): self = .duplicate(of: sequence)
        }
    }
}
