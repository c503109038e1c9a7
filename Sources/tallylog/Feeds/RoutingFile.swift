import Signatures
import Yams

/// Reads a routing policy: in YAML or JSON, a mapping of exact topics to the names of the
/// certificates that may speak on them.
enum RoutingFile {
    /// What is wrong with it; goes on from the name of an option or a key.
    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    static func policy(in path: String) throws(Malformed) -> RoutingPolicy {
        let root: Node?
        do { root = try compose(yaml: try FeedsFile.text(of: path)) } catch {
            throw Malformed(description: "is wrong: \(path) cannot be read: \(error)")
        }
        guard let topics = root?.mapping else {
            throw Malformed(
                description: "is wrong: \(path) is no mapping; accepted: topics, each with a list "
                    + "of certificates' common names")
        }
        var names: [String: Set<String>] = [:]
        for (key, value) in topics {
            guard let topic = key.string, let list = list(value) else {
                let line = (key.mark ?? value.mark).map { ", line \($0.line)" } ?? ""
                throw Malformed(
                    description: "is wrong: \(path)\(line): '\(key.string ?? "?")' has no list of "
                        + "names; accepted: as in org.example.prod.git.receive: [git.example.org]")
            }
            names[topic] = list
        }
        return RoutingPolicy(names: names)
    }

    private static func list(_ node: Node) -> Set<String>? {
        if let name = node.scalar?.string { return [name] }
        guard let sequence = node.sequence else { return nil }
        let names = sequence.compactMap { $0.scalar?.string }
        return names.count == sequence.count ? Set(names) : nil
    }
}
