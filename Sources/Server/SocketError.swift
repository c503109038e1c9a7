/// A socket that cannot be made: what happened, where, and the remedy.
package struct SocketError: Error, Hashable, Sendable, CustomStringConvertible {
    package var path: String
    package var what: String
    package var remedy: String

    package var description: String { "\(path): \(what); \(remedy)" }

    init(_ path: String, _ what: String, remedy: String) {
        self.path = path
        self.what = what
        self.remedy = remedy
    }
}
