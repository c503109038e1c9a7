import Model

/// The names of the files in the log's directory. The listing is the manifest.
enum LogFileName: Equatable {
    /// `<first>.journal`: the records from `first` on.
    case journal(first: UInt64)
    /// `<first>-<last>.columns`: the columns of that journal, once it is sealed.
    case columns(first: UInt64, last: UInt64)
    /// `<first>-<last>.archive`: the payloads of those records.
    case archive(first: UInt64, last: UInt64)
    /// `torn-<sequence>` or `torn-<sequence>-<n>`: a cut tail, kept for the operator.
    case torn
    /// `damaged-<name>` or `damaged-<name>-<n>`: a file that repair has replaced, kept likewise.
    case damaged
    /// `....new`: a file that was being made when the process died.
    case unfinished
    /// None of ours; left alone.
    case foreign

    static let unfinishedSuffix = ".new"
    private static let damagedPrefix = "damaged-"
    private static let digits = 20

    init(_ name: String) {
        let text = name.utf8
        if name.hasSuffix(Self.unfinishedSuffix) {
            self =
                Self.isOurs(name.dropLast(Self.unfinishedSuffix.utf8.count))
                ? .unfinished : .foreign
        } else if name.hasSuffix(".journal"), text.count == Self.digits + 8,
            let first = Self.sequence(name.prefix(Self.digits))
        {
            self = .journal(first: first)
        } else if let (first, last) = Self.range(name, ".columns") {
            self = .columns(first: first, last: last)
        } else if let (first, last) = Self.range(name, ".archive") {
            self = .archive(first: first, last: last)
        } else if name.hasPrefix("torn-") {
            self = .torn
        } else if name.hasPrefix(Self.damagedPrefix) {
            self = .damaged
        } else {
            self = .foreign
        }
    }

    private static func range(_ name: String, _ ending: String) -> (UInt64, UInt64)? {
        guard name.hasSuffix(ending), name.utf8.count == 2 * digits + 1 + ending.utf8.count,
            let first = sequence(name.prefix(digits)), name.dropFirst(digits).hasPrefix("-"),
            let last = sequence(name.dropFirst(digits + 1).prefix(digits)), last >= first
        else { return nil }
        return (first, last)
    }

    private static func isOurs(_ name: Substring) -> Bool {
        LogFileName(String(name)) != .foreign
    }

    static func journal(_ first: UInt64) -> String { padded(first) + ".journal" }

    static func columns(_ first: UInt64, _ last: UInt64) -> String {
        padded(first) + "-" + padded(last) + ".columns"
    }

    static func archive(_ first: UInt64, _ last: UInt64) -> String {
        padded(first) + "-" + padded(last) + ".archive"
    }

    /// - Parameter number: 1 for the first tail cut at `sequence`, 2 for a later one ...
    static func torn(_ sequence: UInt64, number: Int) -> String {
        "torn-" + padded(sequence) + (number == 1 ? "" : "-\(number)")
    }

    /// - Parameter number: 1 for the first file kept of that name, 2 for a later one ...
    static func damaged(_ name: String, number: Int) -> String {
        damagedPrefix + name + (number == 1 ? "" : "-\(number)")
    }

    private static func padded(_ sequence: UInt64) -> String {
        let text = String(sequence)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    private static func sequence(_ text: Substring) -> UInt64? {
        guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let value = UInt64(text), value > 0, value <= Limits.sequenceMax
        else { return nil }
        return value
    }
}
