import Model

/// What a profile finds in one envelope, as values.
package struct ExtractedNames: Equatable, Sendable {
    package var topic = ""
    /// Sorted by their bytes, each once; so are the others.
    package var users: [String] = []
    package var packages: [String] = []
    package var objects: [String] = []
    /// Nil where nobody acted.
    package var agent: String?
    /// The rule that counted: its first pattern, and where it stands.
    package var rule = ""

    mutating func add(_ dimension: Dimension, _ text: String) {
        switch dimension {
        case .topic: topic = text
        case .user: users.append(text)
        case .package: packages.append(text)
        case .object: objects.append(text)
        default: agent = text
        }
    }

    mutating func sort() {
        users.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        packages.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        objects.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
