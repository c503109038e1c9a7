import Disk
import DiskSimulation
import Glibc
import TestSupport

/// Makes the calls of a trace on a simulated disk, one by one. Between any two of them, the disk
/// tells what a power cut may leave.
struct TraceReplay {
    let disk: SimulatedDisk
    /// Messages that are acknowledged by now, and those that may be in the log.
    private(set) var known: ClosedRange<Int>
    /// The directory that was watched; on the simulated disk it is the root.
    private let directory: String
    private var files: [Int32: Descriptor] = [:]

    private enum Descriptor {
        case file(any DiskFile)
        case directory(String)
        /// Its writes would be durable at once, each for itself. LMDB opens one so, and with
        /// NOMETASYNC never writes by it.
        case synchronizing(String)
    }

    init(_ disk: SimulatedDisk, directory: String, known: ClosedRange<Int> = 0...0) {
        self.disk = disk
        self.directory = directory
        self.known = known
    }

    mutating func make(_ call: RecordedCall) throws {
        switch call.kind {
        case .open: files[call.descriptor] = try open(call)
        case .reopen: files[call.descriptor] = files[Int32(call.place)]
        case .close: files[call.descriptor] = nil
        case .write:
            try call.bytes.withUnsafeBytes { try file(call).write($0, at: call.place) }
        case .truncate:
            try file(call).truncate(to: call.place)
        case .allocate: try file(call).allocate(to: call.place)
        case .synchronize:
            switch files[call.descriptor] {
            case .file(let file)?: try file.synchronize()
            case .directory(let path)?: try disk.synchronizeDirectory(path)
            case .synchronizing?: break
            case nil: preconditionFailure("\(call.descriptor) is synchronized, and is not open")
            }
        case .rename: try disk.rename(inside(call.path), to: inside(call.other))
        case .link: try disk.link(inside(call.path), to: inside(call.other))
        case .unlink, .rmdir: try disk.remove(inside(call.path))
        case .mkdir: try disk.makeDirectory(inside(call.path))
        case .note: take(CutProgress(word: call.number))
        }
    }

    private mutating func take(_ progress: CutProgress) {
        switch progress {
        case .sending(let number):
            known = known.lowerBound...max(known.upperBound, number)
        case .acknowledged(let number):
            let least = max(known.lowerBound, number)
            known = least...max(known.upperBound, least)
        }
    }

    private func inside(_ path: String) -> String {
        let rest = path.dropFirst(directory.count)
        return rest.isEmpty ? "/" : String(rest)
    }

    private func open(_ call: RecordedCall) throws -> Descriptor {
        let path = inside(call.path)
        let flags = Int32(truncatingIfNeeded: call.number)
        let makes = flags & O_CREAT != 0
        let size: Int?
        do throws(DiskError) { size = try disk.size(of: path) } catch {
            guard error.code == EISDIR else { throw error }
            return .directory(path)
        }
        guard size != nil || makes else {
            preconditionFailure("\(path) was opened, and is not there")
        }
        let file = try disk.open(path, makes ? .create : .readWrite)
        if flags & O_TRUNC != 0 { try file.truncate(to: 0) }
        return flags & O_DSYNC == 0 ? .file(file) : .synchronizing(path)
    }

    private func file(_ call: RecordedCall) throws -> any DiskFile {
        guard case .file(let file)? = files[call.descriptor] else {
            preconditionFailure("no file that can be written: \(call)")
        }
        return file
    }
}

extension SimulatedDisk {
    /// Writes all files and directories below `path` into a real directory.
    func export(_ path: String = "/", to target: String) throws {
        for name in try list(path) {
            let inner = path == "/" ? "/" + name : path + "/" + name
            if let bytes = contents(of: inner) {
                try writeFile(bytes, target + "/" + name)
            } else {
                mkdir(target + "/" + name, 0o700)
                try export(inner, to: target + "/" + name)
            }
        }
    }

    private func writeFile(_ bytes: [UInt8], _ path: String) throws {
        let file = try PosixDisk().open(path, .createNew)
        // Before the engine has it: what is flushed here is no part of the test.
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        file.close()
    }
}
