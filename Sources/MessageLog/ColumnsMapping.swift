import Disk
import Model

/// A segment's columns as a file beside its journal.
enum ColumnsMapping {
    /// Maps the file at `path`. What is wrong with its content is `.damaged`, or
    /// `.unsupportedVersion`.
    static func open(_ disk: any Disk, _ path: String) throws(LogError) -> SegmentColumns {
        let mapped: MappedBytes
        do {
            mapped = try disk.open(path, .read).map()
        } catch {
            throw LogError(error)
        }
        do {
            return try SegmentColumns.open(mapped)
        } catch {
            throw LogError(error, path: path)
        }
    }
}
