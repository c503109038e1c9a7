import Engine
import LMDB
import Model
import Query
import TestSupport

/// Changed keys and values in LMDB: what is asked is answered, or refused in words; a verification
/// tells; and computed anew, all is as it was.
struct StoredEntriesTarget {
    static let rollups = StoredEntriesTarget(directory: "rollups", checksummed: [1])
    static let rules = StoredEntriesTarget(directory: "rules/1", checksummed: [1])

    /// Inside of the store.
    var directory: String
    /// The keys of entries that end with a checksum of their bytes.
    var checksummed: [UInt8]

    /// What the store says while nothing is changed.
    private static let whole = facts(in: StoreImage.closed)

    private struct Facts: Equatable {
        var dump: [UInt8]
        var ruleDump: [UInt8]
        var answers: [Reply]
    }

    private static func facts(in image: StoreImage) -> Facts {
        let place = TemporaryDirectory()
        image.write(to: place.path + "/store")
        return facts(of: place.path + "/store")
    }

    private static func facts(of store: String) -> Facts {
        LogImage.doing {
            let engine = try Engine(directory: store, options: StoreImage.options())
            precondition(engine.waitForRule("pushes", milliseconds: 60_000), "the rule is there")
            let facts = Facts(
                dump: try engine.physicalDump(),
                ruleDump: try engine.foldedDump(rule: "pushes", milliseconds: 60_000),
                answers: StoreImage.answers(engine))
            try engine.close()
            return facts
        }
    }

    func run(_ bytes: [UInt8]) {
        let whole = Self.whole
        let place = TemporaryDirectory()
        let store = place.path + "/store"
        StoreImage.closed.write(to: store)
        LogImage.doing { try change(store + "/" + directory, bytes) }
        do {
            let engine = try Engine(directory: store, options: StoreImage.options())
            _ = StoreImage.answers(engine)
            // Damage of rows shows in a verification, which compares them with the log.
            if directory == "rollups", let report = try? engine.verify(), report.isSound {
                let dump = LogImage.doing { try engine.physicalDump() }
                precondition(dump == whole.dump, "damage passed a verification")
            }
            try engine.close()
        } catch {
            precondition(!"\(error)".isEmpty, "a refusal is in words")
        }
        // What is a function of the log comes back from the log.
        LogImage.doing {
            _ = try Engine.rebuild(directory: store, options: StoreImage.options())
        }
        precondition(Self.facts(of: store) == whole, "computed anew, all is as it was")
    }

    private typealias Entry = (key: [UInt8], value: [UInt8])

    /// Changes entries as the input says.
    private func change(_ path: String, _ bytes: [UInt8]) throws {
        let environment = try Environment.open(path: path, mapBytes: 16 << 20)
        var entries: [Entry] = []
        try environment.beginRead().forEach { (key, value) throws(LMDBError) in
            entries.append((Array(key), Array(value)))
            return true
        }
        var source = ByteSource(bytes)
        var transaction = try environment.beginWrite()
        for _ in 0..<1 + Int(source.byte() & 3) {
            let entry = entries[source.below(entries.count)]
            for changed in edited(entry, &source) {
                _ = try transaction.delete(changed.old)
                guard let new = changed.new, !new.key.isEmpty, new.key.count <= 511 else {
                    continue
                }
                try transaction.put(new.key, new.value)
            }
        }
        try transaction.commit()
    }

    private func edited(
        _ entry: Entry, _ source: inout ByteSource
    ) -> [(old: [UInt8], new: Entry?)] {
        switch source.byte() % 6 {
        case 0: return [(entry.key, nil)]
        case 1:
            var part = ByteSource(source.bytes(8))
            return [(entry.key, (FileEdits.apply(entry.key, &part), entry.value))]
        case 2:
            // Another key of the same beginning, with a value of the input.
            let head = entry.key.prefix(1 + Int(source.byte() & 15))
            let key = Array(head) + source.bytes(Int(source.byte() & 15))
            return [(key, (key, source.bytes(Int(source.byte()))))]
        case 3: return [(entry.key, (entry.key, source.bytes(Int(source.byte()))))]
        default:
            var part = ByteSource(source.bytes(4 + Int(source.byte() & 31)))
            var value = FileEdits.apply(entry.value, &part)
            if entry.key == checksummed, value.count > 4 {
                value.removeLast(4)
                value.append(integer: Checksum.crc32c(value))
            }
            return [(entry.key, (entry.key, value))]
        }
    }
}
