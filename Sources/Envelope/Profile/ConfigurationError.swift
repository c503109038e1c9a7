/// What is wrong with a profile or a file of aliases: where, and what is accepted.
package struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    /// The file's path, or the profile's name.
    package let file: String
    /// Nil where the file as a whole is meant.
    package let line: Int?
    /// The keys that lead to what is wrong, with dots between them; nil above all keys.
    package let key: String?
    /// What is wrong and what is accepted.
    package let reason: String

    package init(file: String, line: Int? = nil, key: String? = nil, reason: String) {
        self.file = file
        self.line = line
        self.key = key
        self.reason = reason
    }

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return key.map { "\(place): \($0): \(reason)" } ?? "\(place): \(reason)"
    }
}
