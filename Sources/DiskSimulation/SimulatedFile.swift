import Disk
import Glibc
import Synchronization

/// An open file of a simulated disk.
package final class SimulatedFile: DiskFile {
    package let path: String
    private let disk: SimulatedDisk
    private let node: Int
    private let isWritable: Bool
    private let isClosed = Atomic<Bool>(false)

    init(disk: SimulatedDisk, path: String, node: Int, isWritable: Bool) {
        self.disk = disk
        self.path = path
        self.node = node
        self.isWritable = isWritable
    }

    package func close() { isClosed.store(true, ordering: .relaxed) }

    private func checkOpen() {
        precondition(!isClosed.load(ordering: .relaxed), "\(path) is used after it was closed")
    }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(DiskError) -> Int {
        checkOpen()
        return try disk.call(.read, path) { (state) throws(DiskError) in
            unsafe state.tree.content(node).read(into: buffer, at: offset)
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskError) {
        checkOpen()
        try disk.call(
            .write, path,
            failure: { state, fault in
                guard fault.keepsPrefix, isWritable else { return }
                let count = state.random.next(below: bytes.count + 1)
                state.tree.changeContent(node) {
                    unsafe $0.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
                }
            }
        ) { (state) throws(DiskError) in
            guard isWritable else { throw DiskError(.write, path, EBADF) }
            let count = fittingBytes(state, count: bytes.count, at: offset)
            state.tree.changeContent(node) {
                unsafe $0.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
            }
            guard count == bytes.count else { throw DiskError(.write, path, ENOSPC) }
        }
    }

    package func synchronize() throws(DiskError) {
        checkOpen()
        try disk.call(
            .synchronize, path,
            failure: { state, _ in state.tree.changeContent(node) { $0.failSynchronize() } }
        ) { (state) throws(DiskError) in state.tree.changeContent(node) { $0.synchronize() } }
    }

    package func size() throws(DiskError) -> Int {
        checkOpen()
        return try disk.call(.size, path) { (state) throws(DiskError) in
            state.tree.content(node).size
        }
    }

    package func truncate(to size: Int) throws(DiskError) {
        checkOpen()
        try disk.call(.truncate, path) { (state) throws(DiskError) in
            guard isWritable, size >= 0 else { throw DiskError(.truncate, path, EINVAL) }
            state.tree.changeContent(node) { $0.truncate(to: size) }
        }
    }

    package func allocate(to size: Int) throws(DiskError) {
        checkOpen()
        try disk.call(.allocate, path) { (state) throws(DiskError) in
            guard size > 0 else { return }
            guard isWritable else { throw DiskError(.allocate, path, EBADF) }
            var content = state.tree.content(node)
            let before = content.occupiedPages
            content.allocate(to: size)
            if let capacity = state.capacityPages {
                let needed = content.occupiedPages - before
                guard needed == 0 || state.tree.occupiedPages + needed <= capacity else {
                    throw DiskError(.allocate, path, ENOSPC)
                }
            }
            state.tree.changeContent(node) { $0.allocate(to: size) }
        }
    }

    package func map() throws(DiskError) -> MappedBytes {
        checkOpen()
        return try disk.call(.map, path) { (state) throws(DiskError) in
            let content = state.tree.content(node)
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: content.size, alignment: SimulatedContent.pageBytes)
            _ = unsafe content.read(into: copy, at: 0)
            return unsafe MappedBytes(UnsafeRawBufferPointer(copy)) { unsafe $0.deallocate() }
        }
    }

    /// How much of a write the capacity lets through: all, or up to the first page without space.
    private func fittingBytes(_ state: SimulatedDisk.State, count: Int, at offset: Int) -> Int {
        guard let capacity = state.capacityPages, count > 0 else { return count }
        let content = state.tree.content(node)
        var free = max(0, capacity - state.tree.occupiedPages)
        let pageBytes = SimulatedContent.pageBytes
        for page in offset / pageBytes...(offset + count - 1) / pageBytes
        where !content.occupies(page: page) {
            if free == 0 { return max(0, page * pageBytes - offset) }
            free -= 1
        }
        return count
    }
}
