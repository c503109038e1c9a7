import Disk

/// The directories of what rules have computed: `rules/N`, by the rule's number. What is in them
/// is a function of the log, and may be removed while nobody has the store open.
struct RulePlaces: Sendable {
    private let parent: String
    private let disk = PosixDisk()

    init(store: String) { parent = store + "/rules" }

    func directory(_ number: UInt32) -> String { "\(parent)/\(number)" }

    /// Makes a rule's directory, where it is not there.
    func make(_ number: UInt32) throws(DiskError) {
        try disk.makeDirectory(parent)
        try disk.makeDirectory(directory(number))
    }

    func isThere(_ number: UInt32) -> Bool {
        ((try? disk.list(directory(number))) ?? []).contains("data.mdb")
    }

    /// Empties a rule's directory.
    func empty(_ number: UInt32) throws(DiskError) {
        for name in try disk.list(directory(number)) {
            try disk.remove(directory(number) + "/" + name)
        }
    }

    /// Removes all directories but those of these rules; who has their files open keeps them.
    func keep(_ numbers: [UInt32]) throws(DiskError) {
        try disk.makeDirectory(parent)
        let kept = Set(numbers.map { "\($0)" })
        for name in try disk.list(parent) where !kept.contains(name) {
            let path = parent + "/" + name
            for file in try disk.list(path) { try disk.remove(path + "/" + file) }
            try disk.remove(path)
        }
    }
}
