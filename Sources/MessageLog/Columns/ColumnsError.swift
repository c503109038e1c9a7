import Model

/// Why a columns file cannot be used. The columns are a function of the segment's records: they
/// can be made anew from its journal or archive.
package struct ColumnsError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Problem: Hashable, Sendable {
        /// The file does not begin like a columns file.
        case foreign
        /// A later version of the format than this program knows.
        case version(UInt32)
        /// A checksum does not fit its bytes.
        case checksum
        /// Lengths or values that contradict each other.
        case structure(String)
    }

    package let problem: Problem
    /// The part of the file, in the words of the format's description.
    package let part: String
    /// Where that part begins in the file, in bytes.
    package let offset: Int

    init(_ problem: Problem, _ part: String, at offset: Int) {
        self.problem = problem
        self.part = part
        self.offset = offset
    }

    package var description: String {
        let place = "\(part) at byte \(offset)"
        switch problem {
        case .foreign:
            return "not a columns file: \(place) has no known beginning"
        case .version(let version):
            return "columns of format version \(version); this program knows up to version "
                + "\(ColumnsFormat.version): use a later one, or rebuild the columns"
        case .checksum:
            return "damaged columns: the checksum of \(place) does not fit; "
                + "rebuild the columns from the segment's records"
        case .structure(let what):
            return "damaged columns: \(what) in \(place); "
                + "rebuild the columns from the segment's records"
        }
    }
}
