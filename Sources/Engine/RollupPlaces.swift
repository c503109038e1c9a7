import Disk

/// The directories that a store's rollups are in: those that are served, and, while others take
/// their place, the new ones and the old ones.
///
/// A swap is two renames, each durable before the next step. Cut short at any point it leaves
/// whole rollups, old or new, under one of two names, and `settle` knows which.
struct RollupPlaces: Sendable {
    let store: String
    private let disk = PosixDisk()

    init(store: String) { self.store = store }

    /// What is served.
    var served: String { store + "/rollups" }
    /// What is being made.
    var next: String { store + "/rollups.new" }
    /// What was served until a moment ago.
    var previous: String { store + "/rollups.old" }
    /// What a verification computes.
    var verified: String { store + "/rollups.verify" }

    /// Ends what a swap that was cut short has left behind, while nobody has the store open.
    func settle() throws(EngineError) {
        try explained { () throws(DiskError) in
            try putBack()
            try disk.makeDirectory(served)
            try disk.synchronizeDirectory(store)
            for path in [next, previous, verified] { try remove(path) }
        }
    }

    /// Removes what is served, while nobody has the store open: the next opening computes it.
    func drop() throws(EngineError) {
        try explained { () throws(DiskError) in
            try disk.makeDirectory(served)
            try empty(served)
        }
    }

    /// The same of what rules have computed.
    func dropRules() throws(EngineError) {
        try explained { () throws(DiskError) in try RulePlaces(store: store).keep([]) }
    }

    /// Makes one of the other directories, empty.
    func make(_ path: String) throws(EngineError) {
        try explained { () throws(DiskError) in
            try remove(path)
            try disk.makeDirectory(path)
        }
    }

    /// Removes one of the other directories; what has its files open keeps them.
    func discard(_ path: String) throws(EngineError) {
        try explained { () throws(DiskError) in try remove(path) }
    }

    /// Puts the new rollups, which are on stable storage, in the place of those that are served.
    /// If it throws, these are served as before.
    func exchange() throws(EngineError) {
        try explained { () throws(DiskError) in
            try disk.synchronizeDirectory(next)
            try putBack()
            try remove(previous)
            try disk.rename(served, to: previous)
            do throws(DiskError) {
                // Else a power cut might keep the second rename and lose the first.
                try disk.synchronizeDirectory(store)
                try disk.rename(next, to: served)
            } catch {
                try disk.rename(previous, to: served)
                throw error
            }
        }
    }

    /// Removes the rollups that were served before, once the exchange is durable.
    func finishExchange() throws(EngineError) {
        try explained { () throws(DiskError) in
            try disk.synchronizeDirectory(store)
            try remove(previous)
        }
    }

    /// Between the two renames, the old rollups are those that are served.
    private func putBack() throws(DiskError) {
        let names = try disk.list(store)
        guard !names.contains("rollups"), names.contains("rollups.old") else { return }
        try disk.rename(previous, to: served)
        try disk.synchronizeDirectory(store)
    }

    private func remove(_ path: String) throws(DiskError) {
        // Unlike files, a directory has no size.
        guard try disk.list(store).contains(where: { store + "/" + $0 == path }) else { return }
        try empty(path)
        try disk.remove(path)
    }

    private func empty(_ path: String) throws(DiskError) {
        for name in try disk.list(path) { try disk.remove(path + "/" + name) }
    }

    private func explained(_ body: () throws(DiskError) -> Void) throws(EngineError) {
        do { try body() } catch { throw .directory(error) }
    }
}
