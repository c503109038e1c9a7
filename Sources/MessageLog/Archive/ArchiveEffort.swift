import Model
import Zstd

/// How much is spent on an archive.
enum ArchiveEffort {
    /// What keeps up with the bus: the archive is merged with others sooner or later.
    case sealing
    /// What pays for an archive that stays.
    case merging

    var zstd: ZstdCompressor.Effort {
        switch self {
        case .sealing: .init(level: Limits.sealingLevel)
        case .merging:
            .init(level: Limits.mergingLevel, matchBytesMin: Limits.mergingMatchBytesMin)
        }
    }

    /// Of an archive of so many rows that several segments were merged into.
    init(mergedRows rows: Int) {
        self = rows > Limits.mergedRecordsMax / Limits.mergeSegments ? .merging : .sealing
    }
}
