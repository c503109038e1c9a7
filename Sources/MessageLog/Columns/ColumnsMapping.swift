import Disk
import Model

/// A segment's columns as a file beside its journal.
enum ColumnsMapping {
    /// Maps the file at `path`. What is wrong with its content is `.damaged`, or
    /// `.unsupportedVersion`.
    /// - Parameters:
    ///   - notes: of the log.
    ///   - name: the name that the file will have, if it has not got it yet.
    static func open(
        _ disk: any Disk, _ path: String, _ notes: DamageNotes, name: String? = nil
    ) throws(LogError) -> SegmentColumns {
        let mapped: MappedBytes
        do {
            mapped = try disk.open(path, .read).map()
        } catch {
            throw LogError(error)
        }
        do {
            return try SegmentColumns.open(mapped, path: name ?? path, notes: notes)
        } catch {
            throw LogError(error, path: path)
        }
    }
}
