// What could go wrong: the simulation and the real file system differ in a result or an errno, so
// that everything tested on the one says nothing about the other; or either loses bytes.
// Against it: one table and random histories, on both disks and, for bytes, beside plain arrays.

import Disk
import DiskSimulation
import Glibc
import Testing

/// What an operation gave: its value's text, or the failing operation and errno.
private func outcome(_ operation: () throws(DiskError) -> Any) -> String {
    do throws(DiskError) {
        return "\(try operation())"
    } catch {
        return "\(error.operation) \(error.code)"
    }
}

/// Runs the table of operations below `root` and returns every outcome.
private func table(_ disk: any Disk, _ root: String) -> [String] {
    var outcomes: [String] = []
    func note(_ operation: () throws(DiskError) -> Any) { outcomes.append(outcome(operation)) }
    func open(_ name: String, _ mode: OpenMode, _ use: (any DiskFile) throws(DiskError) -> Any) {
        note { () throws(DiskError) in try use(disk.open(root + name, mode)) }
    }
    note { () throws(DiskError) in try disk.makeDirectory(root + "/a") }
    note { () throws(DiskError) in try disk.makeDirectory(root + "/a") }
    note { () throws(DiskError) in try disk.makeDirectory(root + "/missing/b") }
    for mode in [OpenMode.read, .readWrite, .createNew, .createNew, .create, .readWrite] {
        open("/a/f", mode) { (file) throws(DiskError) in try file.size() }
    }
    open("/a", .read) { _ in "opened" }
    open("/a", .create) { _ in "opened" }
    open("/a", .createNew) { _ in "opened" }
    open("/missing/f", .create) { _ in "opened" }
    open("/a/f/g", .create) { _ in "opened" }
    open("/a/f", .readWrite) { (file) throws(DiskError) in
        try file.write(Array("hello".utf8), at: 3)
        try file.write([], at: 100)
        return [try file.read(100, at: 0), try file.read(3, at: 4), try file.read(9, at: 8)]
    }
    open("/a/f", .read) { (file) throws(DiskError) in try file.write([1], at: 0) }
    open("/a/f", .read) { (file) throws(DiskError) in try file.truncate(to: 1) }
    open("/a/f", .read) { (file) throws(DiskError) in try file.allocate(to: 100) }
    open("/a/f", .read) { (file) throws(DiskError) in try file.synchronize() }
    open("/a/f", .create) { (file) throws(DiskError) in
        try file.truncate(to: 6)
        try file.truncate(to: 9)
        let cut = try file.read(20, at: 0)
        try file.allocate(to: 5_000)
        try file.allocate(to: 10)
        return [cut, try file.read(3, at: 4_998), Array("\(try file.size())".utf8)]
    }
    open("/a/f", .readWrite) { (file) throws(DiskError) in
        let map = try file.map()
        try disk.remove(root + "/a/f")
        file.close()
        return map.withBytes { ($0.count, Array($0.prefix(9))) }
    }
    open("/a/empty", .create) { (file) throws(DiskError) in try file.map().withBytes { $0.count } }
    for path in ["/a/f", "/a/empty", "/a", "/missing/f", "/a/empty/g"] {
        note { () throws(DiskError) in try disk.size(of: root + path) as Any }
    }
    directories(disk, root, note)
    return outcomes
}

private func directories(
    _ disk: any Disk, _ root: String, _ note: (() throws(DiskError) -> Any) -> Void
) {
    for name in ["/a/z", "/a/b", "/x"] {
        note { () throws(DiskError) in
            try disk.open(root + name, .create).write(Array(name.utf8), at: 0)
        }
    }
    note { () throws(DiskError) in try disk.makeDirectory(root + "/d") }
    note { () throws(DiskError) in try disk.makeDirectory(root + "/d/e") }
    let renames = [
        ("/x", "/a/z"), ("/x", "/y"), ("/a/z", "/a/z"), ("/a/b", "/d"), ("/d", "/a/b"),
        ("/a", "/d"), ("/d", "/d/e/f"), ("/a/b", "/missing/b"), ("/d/e", "/a/e"), ("/d", "/a/e"),
        ("/a/b/c", "/q"),
    ]
    for (source, destination) in renames {
        note { () throws(DiskError) in
            try disk.rename(root + source, to: root + destination)
        }
        note { () throws(DiskError) in try disk.list(root + "/a") }
    }
    note { () throws(DiskError) in try disk.open(root + "/a/z", .read).read(9, at: 0) }
    for path in ["/a", "/a/z", "/a/z", "/a/e", "/missing/f", "/d"] {
        note { () throws(DiskError) in try disk.remove(root + path) }
    }
    for path in ["", "/a", "/a/b", "/d"] {
        note { () throws(DiskError) in try disk.list(root + path) }
        note { () throws(DiskError) in try disk.synchronizeDirectory(root + path) }
    }
}

@Suite struct EquivalenceTests {
    @Test func theTableGivesTheSameOnBothDisks() throws {
        let directory = TemporaryDirectory()
        let simulated = SimulatedDisk()
        try simulated.makeDirectory("/data")
        let (real, model) = (table(PosixDisk(), directory.path), table(simulated, "/data"))
        #expect(real.count == model.count)
        for (index, pair) in zip(real, model).enumerated() {
            #expect(pair.0 == pair.1, "step \(index), real first")
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func randomHistoriesGiveTheSameBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let simulated = SimulatedDisk()
        try simulated.makeDirectory(directory.path.split(separator: "/").first.map { "/\($0)" }!)
        try simulated.makeDirectory(directory.path)
        let disks: [any Disk] = [PosixDisk(), simulated]
        var model: [String: [UInt8]] = [:]
        for step in 0..<400 {
            let name = "f\(Int.random(in: 0..<4, using: &random))"
            let path = directory.path + "/" + name
            let offset = Int.random(in: 0...20_000, using: &random)
            let bytes = [UInt8](
                repeating: UInt8.random(in: 1...255, using: &random),
                count: Int.random(in: 0...10_000, using: &random))
            let other = "f\(Int.random(in: 0..<4, using: &random))"
            let choice = Int.random(in: 0..<10, using: &random)
            var old = model[name] ?? []
            for disk in disks {
                switch choice {
                case 0..<5: try disk.open(path, .create).write(bytes, at: offset)
                case 5: try disk.open(path, .create).truncate(to: offset)
                case 6: try disk.open(path, .create).allocate(to: offset)
                case 7: try disk.open(path, .create).synchronize()
                case 8 where model[name] != nil:
                    try disk.rename(path, to: directory.path + "/" + other)
                case 9 where model[name] != nil: try disk.remove(path)
                default: break
                }
            }
            switch choice {
            case 0..<5:
                if !bytes.isEmpty {
                    old += [UInt8](repeating: 0, count: max(0, offset + bytes.count - old.count))
                    old.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                }
                model[name] = old
            case 5:
                model[name] =
                    old.prefix(offset) + .init(repeating: 0, count: max(0, offset - old.count))
            case 6: model[name] = old + .init(repeating: 0, count: max(0, offset - old.count))
            case 7: model[name] = old
            case 8 where model[name] != nil:
                model[name] = nil
                model[other] = old
            default: model[name] = choice == 9 ? nil : model[name]
            }
            for disk in disks where step % 10 == 9 {
                #expect(try disk.list(directory.path) == model.keys.sorted(), "seed \(seed)")
                for (name, bytes) in model {
                    let file = try disk.open(directory.path + "/" + name, .read)
                    #expect(try file.read(50_000, at: 0) == bytes, "seed \(seed), step \(step)")
                    #expect(
                        try file.map().withBytes { Array($0) } == bytes,
                        "seed \(seed), step \(step)")
                }
            }
        }
    }
}
