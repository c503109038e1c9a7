import Disk
import Glibc

/// The names of a simulated file system, with every state of each name since its directory was
/// last flushed. Paths are resolved from the root, whether or not they begin with a slash.
struct SimulatedTree {
    typealias NodeID = Int
    static let root: NodeID = 0

    enum Node {
        case file(SimulatedContent)
        case directory([String: Name])
    }

    /// A name's states; nil stands for no such name.
    struct Name {
        var current: NodeID?
        var durable: NodeID?
        var unsynced: [NameVersion] = []
    }

    struct NameVersion {
        var node: NodeID?
        /// Which change made it; later changes have larger numbers.
        var serial: Int
        /// For a name that was renamed away: where to. It may be gone only if the other came.
        var movedTo: Place?
    }

    struct Place: Hashable {
        var directory: NodeID
        var name: String
    }

    private(set) var nodes: [NodeID: Node] = [root: .directory([:])]
    private var nextNode = 1
    private var serial = 0

    // MARK: Finding

    /// The place that a path names, whether or not something is there.
    func place(_ path: String, _ operation: DiskError.Operation) throws(DiskError) -> Place? {
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." { _ = components.popLast() } else { components.append(component) }
        }
        guard let last = components.popLast() else { return nil }
        var directory = Self.root
        for component in components {
            guard let next = try names(directory, operation, path)[String(component)]?.current
            else { throw DiskError(operation, path, ENOENT) }
            directory = next
        }
        _ = try names(directory, operation, path)
        return Place(directory: directory, name: String(last))
    }

    /// The node at a path, or nil.
    func find(_ path: String, _ operation: DiskError.Operation) throws(DiskError) -> NodeID? {
        guard let place = try place(path, operation) else { return Self.root }
        return try names(place.directory, operation, path)[place.name]?.current
    }

    /// The node at a path; ENOENT if there is none.
    func require(_ path: String, _ operation: DiskError.Operation) throws(DiskError) -> NodeID {
        guard let node = try find(path, operation) else { throw DiskError(operation, path, ENOENT) }
        return node
    }

    /// The names in a directory; ENOTDIR if the node is a file.
    func names(
        _ node: NodeID, _ operation: DiskError.Operation, _ path: String
    ) throws(DiskError) -> [String: Name] {
        guard case .directory(let names)? = nodes[node] else {
            throw DiskError(operation, path, ENOTDIR)
        }
        return names
    }

    func isDirectory(_ node: NodeID) -> Bool {
        if case .directory? = nodes[node] { true } else { false }
    }

    func isEmptyDirectory(_ node: NodeID) -> Bool {
        guard case .directory(let names)? = nodes[node] else { return false }
        return names.values.allSatisfy { $0.current == nil }
    }

    func content(_ node: NodeID) -> SimulatedContent {
        guard case .file(let content)? = nodes[node] else {
            preconditionFailure("node \(node) is no file")
        }
        return content
    }

    mutating func changeContent(_ node: NodeID, _ change: (inout SimulatedContent) -> Void) {
        guard case .file(var content)? = nodes[node] else {
            preconditionFailure("node \(node) is no file")
        }
        // Taken out meanwhile, so that its pages have one owner and are changed in place.
        nodes[node] = .directory([:])
        change(&content)
        nodes[node] = .file(content)
    }

    /// Every file's path, sorted.
    func filePaths(below directory: NodeID = root, prefix: String = "/") -> [String] {
        guard case .directory(let names)? = nodes[directory] else { return [] }
        return names.flatMap { name, states -> [String] in
            guard let node = states.current else { return [] }
            return isDirectory(node)
                ? filePaths(below: node, prefix: prefix + name + "/") : [prefix + name]
        }.sorted()
    }

    /// Pages of all files that have a name.
    var occupiedPages: Int {
        Set(linkedFiles(below: Self.root)).reduce(0) { $0 + content($1).occupiedPages }
    }

    private func linkedFiles(below directory: NodeID) -> [NodeID] {
        guard case .directory(let names)? = nodes[directory] else { return [] }
        return names.values.compactMap(\.current).flatMap {
            isDirectory($0) ? linkedFiles(below: $0) : [$0]
        }
    }

    // MARK: Changing

    mutating func create(_ node: Node, at place: Place) -> NodeID {
        let identifier = nextNode
        nextNode += 1
        nodes[identifier] = node
        set(place, to: identifier)
        return identifier
    }

    mutating func set(_ place: Place, to node: NodeID?, movedTo: Place? = nil) {
        serial += 1
        update(place) { [serial] name in
            name.current = node
            name.unsynced.append(NameVersion(node: node, serial: serial, movedTo: movedTo))
        }
    }

    mutating func rename(_ source: Place, to destination: Place) {
        guard case .directory(let names)? = nodes[source.directory],
            let node = names[source.name]?.current
        else { preconditionFailure("\(source.name) is renamed, but is not there") }
        set(destination, to: node)
        // The serial of the arrival is what the departure waits for.
        update(source) { [serial] name in
            name.current = nil
            name.unsynced.append(NameVersion(node: nil, serial: serial, movedTo: destination))
        }
        if isDirectory(node) {
            update(destination) { Self.makeDurable(&$0) }
            update(source) { Self.makeDurable(&$0) }
        }
    }

    private mutating func update(_ place: Place, _ change: (inout Name) -> Void) {
        guard case .directory(var names)? = nodes[place.directory] else {
            preconditionFailure("the parent of \(place.name) is no directory")
        }
        change(&names[place.name, default: Name()])
        nodes[place.directory] = .directory(names)
    }

    private static func makeDurable(_ name: inout Name) {
        if let last = name.unsynced.last { name.durable = last.node }
        name.unsynced = []
    }

    // MARK: Flushing

    mutating func synchronizeDirectory(_ directory: NodeID) {
        guard case .directory(let names)? = nodes[directory] else { return }
        for (name, states) in names {
            // A rename out of here is one change with its arrival elsewhere.
            for moved in states.unsynced.compactMap(\.movedTo) where moved.directory != directory {
                update(moved) { Self.makeDurable(&$0) }
            }
            update(Place(directory: directory, name: name)) { Self.makeDurable(&$0) }
        }
    }

    /// The flush fails: the pending changes stay visible, and never become durable.
    mutating func failSynchronizeDirectory(_ directory: NodeID) {
        guard case .directory(let names)? = nodes[directory] else { return }
        let lost = Set(names.values.flatMap { $0.unsynced.map(\.serial) })
        for (node, content) in nodes {
            guard case .directory(var names) = content else { continue }
            for name in names.keys {
                guard
                    let first = names[name]?.unsynced.firstIndex(where: {
                        lost.contains($0.serial)
                    })
                else { continue }
                names[name]?.unsynced.removeSubrange(first...)
            }
            nodes[node] = .directory(names)
        }
    }

    // MARK: What a power cut leaves

    /// The file system after a power cut: everything in it is durable.
    func crashed(_ choice: CrashChoice) -> SimulatedTree {
        var random = SimulationRandom(seed: choice.seed)
        let chosen = chooseNames(choice, &random)
        var result = SimulatedTree()
        result.nextNode = nextNode
        result.serial = serial
        var waiting = [Self.root]
        while let node = waiting.popLast() {
            switch nodes[node] {
            case .file(let content)?: result.nodes[node] = .file(content.crashed(choice, &random))
            case .directory(let names)?:
                var kept: [String: Name] = [:]
                for name in names.keys.sorted() {
                    let place = Place(directory: node, name: name)
                    guard let there = state(names[name], chosen[place]) else { continue }
                    kept[name] = Name(current: there, durable: there)
                    if result.nodes[there] == nil { waiting.append(there) }
                }
                result.nodes[node] = .directory(kept)
            case nil: preconditionFailure("a name leads to node \(node), which does not exist")
            }
        }
        return result
    }

    /// For each name with unflushed changes, how many of them have taken effect.
    private func chooseNames(
        _ choice: CrashChoice, _ random: inout SimulationRandom
    ) -> [Place: Int] {
        var chosen: [Place: Int] = [:]
        for directory in nodes.keys.sorted() {
            guard case .directory(let names)? = nodes[directory] else { continue }
            for name in names.keys.sorted() {
                let count = names[name]?.unsynced.count ?? 0
                guard count > 0 else { continue }
                chosen[Place(directory: directory, name: name)] =
                    choice.index(of: count + 1, &random)
            }
        }
        // A departure without its arrival is undone, which may undo another's arrival in turn.
        var changed = true
        while changed {
            changed = false
            for (place, count) in chosen {
                let versions = unsynced(place).prefix(count)
                guard let lost = versions.firstIndex(where: { !arrived($0, chosen) }) else {
                    continue
                }
                chosen[place] = lost
                changed = true
            }
        }
        return chosen
    }

    /// Whether a version is no departure, or its arrival has taken effect too.
    private func arrived(_ version: NameVersion, _ chosen: [Place: Int]) -> Bool {
        guard let place = version.movedTo else { return true }
        let versions = unsynced(place)
        guard let arrival = versions.firstIndex(where: { $0.serial == version.serial }) else {
            return true
        }
        return chosen[place, default: 0] > arrival
    }

    private func unsynced(_ place: Place) -> [NameVersion] {
        guard case .directory(let names)? = nodes[place.directory] else { return [] }
        return names[place.name]?.unsynced ?? []
    }

    private func state(_ name: Name?, _ count: Int?) -> NodeID? {
        guard let name, let count, count > 0 else { return name?.durable }
        return name.unsynced[count - 1].node
    }
}
