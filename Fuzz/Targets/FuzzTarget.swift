/// What bytes of others are tried on: one function each, which returns where all is well, and traps
/// where it is not. libFuzzer calls them (Runner), and so do the tests, with kept inputs (Cases).
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// An envelope of the bus.
    case envelope
    /// A segment's columns file.
    case columns
    /// A journal, opened, read, repaired.
    case journal
    /// An archive and the columns that it belongs to.
    case archive
    /// LMDB's entries of the rollups: keys, rows, names, the first entry.
    case rollups
    /// LMDB's entries of a declared rule.
    case rules
    /// What a client sends, in pieces.
    case request
    /// The text of requests, answered by an engine.
    case query
    /// What a server sends, in pieces.
    case reply
    /// The files that people write: profiles, aliases, rules.
    case configuration
    /// What a user does to a store, held against a naive model.
    case operations
    /// Has a mistake that must be found.
    case canary

    /// Tries one input.
    package func run(_ bytes: [UInt8]) {
        switch self {
        case .envelope: EnvelopeTarget.run(bytes)
        case .columns: ColumnsTarget.run(bytes)
        case .journal: JournalTarget.run(bytes)
        case .archive: ArchiveTarget.run(bytes)
        case .rollups: StoredEntriesTarget.rollups.run(bytes)
        case .rules: StoredEntriesTarget.rules.run(bytes)
        case .request: RequestTarget.run(bytes)
        case .query: QueryTarget.run(bytes)
        case .reply: ReplyTarget.run(bytes)
        case .configuration: ConfigurationTarget.run(bytes)
        case .operations: OperationsTarget.run(bytes)
        case .canary: CanaryTarget.run(bytes)
        }
    }
}

/// A fuzzer that cannot find this finds nothing: the runs are worth nothing then.
enum CanaryTarget {
    static func run(_ bytes: [UInt8]) {
        let song: [UInt8] = Array("chirp".utf8)
        for (place, byte) in song.enumerated() {
            guard place < bytes.count, bytes[place] == byte else { return }
        }
        preconditionFailure("the canary has been found, as it must be")
    }
}
