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
}
