import Disk
import Glibc

extension SimulatedDisk {
    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        let node = try call(.open, path) { (state) throws(DiskError) -> Int in
            guard let place = try state.tree.place(path, .open) else {
                throw DiskError(.open, path, EISDIR)
            }
            if let node = try state.tree.find(path, .open) {
                if mode == .createNew { throw DiskError(.open, path, EEXIST) }
                if state.tree.isDirectory(node) { throw DiskError(.open, path, EISDIR) }
                return node
            }
            guard mode == .create || mode == .createNew else {
                throw DiskError(.open, path, ENOENT)
            }
            return state.tree.create(.file(SimulatedContent()), at: place)
        }
        return SimulatedFile(disk: self, path: path, node: node, isWritable: mode != .read)
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        try call(.list, directory) { (state) throws(DiskError) in
            let node = try state.tree.require(directory, .list)
            let names = try state.tree.names(node, .list, directory)
            return names.filter { $0.value.current != nil }.keys.sorted()
        }
    }

    package func makeDirectory(_ path: String) throws(DiskError) {
        try call(.makeDirectory, path) { (state) throws(DiskError) in
            guard let place = try state.tree.place(path, .makeDirectory) else { return }
            if let node = try state.tree.find(path, .makeDirectory) {
                guard state.tree.isDirectory(node) else {
                    throw DiskError(.makeDirectory, path, ENOTDIR)
                }
            } else {
                _ = state.tree.create(.directory([:]), at: place)
            }
        }
    }

    package func rename(_ source: String, to destination: String) throws(DiskError) {
        try call(.rename, source) { (state) throws(DiskError) in
            func fail(_ code: Int32) -> DiskError { DiskError(.rename, source, code) }
            let from: SimulatedTree.Place?
            let to: SimulatedTree.Place?
            from = try state.tree.place(source, .rename)
            do throws(DiskError) {
                to = try state.tree.place(destination, .rename)
            } catch {
                throw fail(error.code)
            }
            guard let from, let to else { throw fail(EBUSY) }
            let moved = try state.tree.require(source, .rename)
            guard from != to else { return }
            let isDirectory = state.tree.isDirectory(moved)
            if isDirectory && "\(destination)/".hasPrefix("\(source)/") { throw fail(EINVAL) }
            if let replaced = try state.tree.find(destination, .rename) {
                if replaced == moved { return }
                switch (isDirectory, state.tree.isDirectory(replaced)) {
                case (false, true): throw fail(EISDIR)
                case (true, false): throw fail(ENOTDIR)
                case (true, true) where !state.tree.isEmptyDirectory(replaced):
                    throw fail(ENOTEMPTY)
                default: break
                }
            }
            state.tree.rename(from, to: to)
        }
    }

    package func link(_ source: String, to destination: String) throws(DiskError) {
        try call(.link, source) { (state) throws(DiskError) in
            let linked = try state.tree.require(source, .link)
            guard !state.tree.isDirectory(linked) else { throw DiskError(.link, source, EPERM) }
            guard let place = try state.tree.place(destination, .link),
                try state.tree.find(destination, .link) == nil
            else { throw DiskError(.link, source, EEXIST) }
            state.tree.set(place, to: linked)
        }
    }

    package func remove(_ path: String) throws(DiskError) {
        try call(.remove, path) { (state) throws(DiskError) in
            guard let place = try state.tree.place(path, .remove) else {
                throw DiskError(.remove, path, EBUSY)
            }
            let node = try state.tree.require(path, .remove)
            if state.tree.isDirectory(node) && !state.tree.isEmptyDirectory(node) {
                throw DiskError(.remove, path, ENOTEMPTY)
            }
            state.tree.set(place, to: nil)
        }
    }

    package func synchronizeDirectory(_ path: String) throws(DiskError) {
        try call(
            .synchronizeDirectory, path,
            failure: { state, _ in
                guard let node = try? state.tree.find(path, .synchronizeDirectory) else { return }
                state.tree.failSynchronizeDirectory(node)
            }
        ) { (state) throws(DiskError) in
            let node = try state.tree.require(path, .synchronizeDirectory)
            _ = try state.tree.names(node, .synchronizeDirectory, path)
            state.tree.synchronizeDirectory(node)
        }
    }

    package func size(of path: String) throws(DiskError) -> Int? {
        try call(.size, path) { (state) throws(DiskError) in
            let found: Int?
            do throws(DiskError) {
                found = try state.tree.find(path, .size)
            } catch {
                // A parent that is missing too.
                guard error.code == ENOENT else { throw error }
                found = nil
            }
            guard let node = found else { return nil }
            if state.tree.isDirectory(node) { throw DiskError(.size, path, EISDIR) }
            return state.tree.content(node).size
        }
    }
}
