import Engine

/// Why a store could not do what was asked: one sentence with what happened, where, and the remedy.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public let sentence: String

    public var description: String { sentence }

    init(sentence: String) { self.sentence = sentence }
    init(_ error: EngineError) { sentence = "\(error)" }
    init(_ refusal: Refusal) { sentence = refusal.sentence }
}
