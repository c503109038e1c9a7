import Disk
import MessageLog
import Rollup

/// A log that is gone, as with a disk that is not mounted, is not begun anew where rollups
/// remember it: what they know would go with it, and nobody would be told.
enum LostLog {
    /// - Throws: `.logLost` where the log has no file and the rollups cover some of it.
    static func refuse(
        _ disk: any Disk, log: String, _ places: RollupPlaces, mapBytes: Int
    ) throws(EngineError) {
        do throws(LogError) {
            guard try MessageLog.isAbsent(disk, directory: log) else { return }
        } catch { throw .log(error) }
        do throws(DiskError) {
            // A new store.
            if try PosixDisk().list(places.served).isEmpty { return }
        } catch { throw .directory(error) }
        // What cannot be opened remembers nothing.
        let rollups = Result { () throws(RollupError) in
            try RollupStore.open(directory: places.served, mapBytes: mapBytes, logID: nil)
        }
        guard case .success(let store) = rollups, store.watermark > 0 else { return }
        throw .logLost(watermark: store.watermark, end: 0)
    }
}
