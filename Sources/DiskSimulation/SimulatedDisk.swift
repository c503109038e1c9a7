import Disk
import Glibc
import Synchronization

/// A file system in memory that fails and loses power as the test says, reproducibly.
///
/// What it models, and so the faults that may be injected, and where:
/// - **Any call** may fail with an errno, once or from then on (`fail`), or be the last one before
///   the process dies (`crashAfter`). A failed call has no effect but for the three below.
/// - **A failing write** may have written a part of its bytes. A write that meets the capacity has
///   written the whole pages that still fitted.
/// - **A failing synchronize** lies from then on: the pages written since the last flush count as
///   clean. Reads still show them, a later synchronize succeeds, but no power cut leaves them;
///   unless they are written again. Sizes and cuts stay pending.
/// - **A failing synchronizeDirectory** does the same to the names changed since the last one.
/// - **A power cut** (`crashImage`) leaves of each 4 KiB page, on its own, any state since the last
///   successful synchronize; of each file's size any value since then; and of each name in a
///   directory any state since the last synchronizeDirectory. Torn images also mix states in one
///   page by sectors of 512 bytes. So a file may be long and hold zeros, and a flushed file may
///   have no name. Pages of different files, and names, keep no order among each other.
/// - **Never**: a change to flushed bytes, a torn sector, a rename that lost both names (but both
///   may be there), bytes from before a cut in a file that grew again after it, a directory's
///   rename that is undone. A name whose directory has no name is gone with it.
/// - **The death of the process alone** (`restart`) loses nothing that was written.
/// - Rot is no event of its own: `overwrite` changes bytes in cache and storage alike.
///
/// The caller tells calls apart by number: the first is 1, and images start from 0 again. `close`
/// is no call. A mapping is a copy, which later writes do not change.
package final class SimulatedDisk: Disk {
    struct State {
        var tree = SimulatedTree()
        var calls: [DiskCall] = []
        var counts: [DiskError.Operation: Int] = [:]
        var faults: [Fault] = []
        var lastCall: Int?
        var crashed = false
        var capacityPages: Int?
        var random: SimulationRandom
    }

    private let state: Mutex<State>

    /// An empty disk.
    /// - Parameter seed: decides how much a failing write has written.
    package convenience init(seed: UInt64 = 0) {
        self.init(State(random: SimulationRandom(seed: seed)))
    }

    private init(_ state: sending State) { self.state = Mutex(state) }

    // MARK: What tests do to it

    /// How many calls there have been.
    package var callCount: Int { state.withLock { $0.calls.count } }

    /// How many calls of one operation there have been.
    package func callCount(of operation: DiskError.Operation) -> Int {
        state.withLock { $0.counts[operation, default: 0] }
    }

    /// Every call so far, failed ones included, in order.
    package var calls: [DiskCall] { state.withLock { $0.calls } }

    /// Whether a call has come after the last one that `crashAfter` allows. Such calls fail with
    /// EIO and have no effect.
    package var crashed: Bool { state.withLock { $0.crashed } }

    /// Lets no call after number `call` have any effect; 0 stops the very first.
    package func crashAfter(call: Int) { state.withLock { $0.lastCall = call } }

    /// Makes a call fail.
    /// - Parameters:
    ///   - call: its number since the disk was made, among those of `operation` if one is named.
    ///   - code: the errno.
    ///   - forEver: every later such call fails too.
    ///   - keepingPrefix: a failing write first writes some of its bytes, perhaps none.
    package func fail(
        call: Int, code: Int32, forEver: Bool = false, only operation: DiskError.Operation? = nil,
        keepingPrefix: Bool = false
    ) {
        state.withLock {
            $0.faults.append(
                Fault(
                    operation: operation, call: call, code: code, forEver: forEver,
                    keepsPrefix: keepingPrefix))
        }
    }

    /// Ends all faults that were asked for.
    package func clearFaults() { state.withLock { $0.faults = [] } }

    /// The process has died and another begins on the same running system: ends faults and crash,
    /// keeps the page cache, and with it what failed flushes have lost.
    package func restart() {
        state.withLock {
            $0.faults = []
            $0.lastCall = nil
            $0.crashed = false
        }
    }

    /// Space for files in bytes, rounded down to pages; nil for no limit. What does not fit gets
    /// ENOSPC.
    package func setCapacity(bytes: Int?) {
        state.withLock { $0.capacityPages = bytes.map { $0 / SimulatedContent.pageBytes } }
    }

    /// The disk after a power cut at this moment. This one stays as it is.
    package func crashImage(_ choice: CrashChoice) -> SimulatedDisk {
        let tree = state.withLock { $0.tree.crashed(choice) }
        return SimulatedDisk(State(tree: tree, random: SimulationRandom(seed: choice.seed)))
    }

    /// Every file's path from the root, sorted.
    package var filePaths: [String] { state.withLock { $0.tree.filePaths() } }

    /// A file's bytes as reads show them, or nil if there is no such file. Not a call.
    package func contents(of path: String) -> [UInt8]? {
        state.withLock { state in
            guard let node = try? state.tree.find(path, .read), !state.tree.isDirectory(node)
            else { return nil }
            let content = state.tree.content(node)
            var bytes = [UInt8](repeating: 0, count: content.size)
            unsafe bytes.withUnsafeMutableBytes { _ = unsafe content.read(into: $0, at: 0) }
            return bytes
        }
    }

    /// Changes bytes of an existing file in cache and storage alike. Not a call.
    package func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
        state.withLock { state in
            guard let node = try? state.tree.find(path, .write), !state.tree.isDirectory(node)
            else { preconditionFailure("there is no file \(path)") }
            state.tree.changeContent(node) { $0.overwrite(at: offset, with: bytes) }
        }
    }

    // MARK: Calls

    /// What a call has to do besides its own work.
    enum Verdict {
        case proceed
        case fail(Int32, keepsPrefix: Bool)
    }

    /// Counts a call, and does its work unless the test wants it to fail.
    /// - Parameter failure: what a failing call does all the same.
    func call<Result>(
        _ operation: DiskError.Operation, _ path: String,
        failure: (inout State, Fault) -> Void = { _, _ in },
        _ work: (inout State) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        let outcome = state.withLock { state -> Outcome<Result> in
            if let lastCall = state.lastCall, state.calls.count >= lastCall {
                state.crashed = true
                return .failed(DiskError(operation, path, EIO))
            }
            state.calls.append(DiskCall(operation: operation, path: path))
            state.counts[operation, default: 0] += 1
            let (all, same) = (state.calls.count, state.counts[operation, default: 0])
            let fault = state.faults.first {
                $0.strikes(operation, number: $0.operation == nil ? all : same)
            }
            if let fault {
                failure(&state, fault)
                return .failed(DiskError(operation, path, fault.code))
            }
            do throws(DiskError) { return .done(try work(&state)) } catch { return .failed(error) }
        }
        switch outcome {
        case .done(let result): return result
        case .failed(let error): throw error
        }
    }

    private enum Outcome<Result> {
        case done(Result)
        case failed(DiskError)
    }
}
