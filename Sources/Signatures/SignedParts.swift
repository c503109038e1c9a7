/// What of an envelope is about its signature, as texts without escapes. Used again for each
/// message, so that their memory stays.
package struct SignedParts {
    /// How the envelope says that it is signed.
    package enum Scheme: Sendable {
        case none, x509, gpg
        /// Another word for `crypto`, or parts that are no texts.
        case unknown
    }

    package var scheme = Scheme.none
    /// In base 64, broken into lines or not.
    package var signature: [UInt8] = []
    /// PEM in base 64.
    package var certificate: [UInt8] = []
    /// What an archive has changed and can be undone: empty for a message as it was sent.
    package var changes: ArchiveChanges = []

    package init() {}
}

/// What a datagrepper changes in the envelopes that it keeps, where it says that it has kept them.
package struct ArchiveChanges: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `source_name` and `source_version` are added, and perhaps `agent_name`, `users` and
    /// `packages`.
    package static let source = ArchiveChanges(rawValue: 1)
    /// `headers` is there, and empty: added, unless it was there before.
    package static let headers = ArchiveChanges(rawValue: 2)
    /// The time is a float without a fraction: it was an integer, or such a float.
    package static let time = ArchiveChanges(rawValue: 4)

    /// What to undo, one after the other, until a signature fits. Nobody can tell what was there
    /// before, and whoever has not the key can make none of them fit.
    package var attempts: [ArchiveChanges] {
        guard contains(.source) else { return [] }
        var attempts = [self]
        for left: ArchiveChanges in [.time, .headers, [.time, .headers]]
        where isSuperset(of: left) { attempts.append(subtracting(left)) }
        return attempts
    }
}
