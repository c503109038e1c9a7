/// A file of authorities or revocation lists that cannot be used: which, and what is accepted.
package struct TrustFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package var path: String
    /// Begins in the midst of a sentence.
    package var reason: String
    /// Whether it is the revocation lists, and not the authorities.
    package var isList: Bool

    package var description: String { "\(path) \(reason)" }
}
