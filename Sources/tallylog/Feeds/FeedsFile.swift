import ArgumentParser
import Backfill
import Model
import Query
import SystemPackage
import Yams

/// Reads `feeds:` of the configuration file: what swift-configuration does not list, the names of
/// keys and the lines on which they stand.
struct FeedsFile {
    let path: String

    private static let keys = [
        "endpoints", "topics", "backfill", "since", "overlap", "lag", "signatures", "curve",
    ]
    private static let bytesMax = 16 << 20

    /// The feeds of a file, in the order in which they stand there; none if it has no such key.
    /// Refuses keys that the file must not have.
    static func feeds(in path: String) throws -> [FeedSettings] {
        let file = FeedsFile(path: path)
        let root: Node?
        do {
            root = try compose(yaml: try text(of: path))
        } catch {
            throw ValidationError("The configuration \(path) cannot be read: \(error)")
        }
        try file.refuseUnknown(root, nil, ServeSettings.keys)
        try file.refuseUnknown(root?.mapping?["retention"], "retention", RetentionSettings.keys)
        guard let node = root?.mapping?["feeds"] else { return [] }
        guard let feeds = node.mapping else {
            throw file.wrong(
                node, "feeds", "is no mapping; accepted: names of feeds, each with its keys")
        }
        return try feeds.map { try file.feed($0, $1) }
    }

    static func text(of path: String) throws -> String {
        let descriptor = try FileDescriptor.open(FilePath(path), .readOnly)
        return try descriptor.closeAfter {
            var bytes: [UInt8] = []
            while bytes.count < bytesMax {
                let part = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                    count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if part.isEmpty { break }
                bytes += part
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// A key that is misspelt would be passed over.
    private func refuseUnknown(_ node: Node?, _ place: String?, _ keys: [String]) throws {
        guard let node, node.null == nil else { return }
        let accepted = "accepted: \(Self.list(keys))"
        guard let mapping = node.mapping else {
            throw wrong(node, place ?? "it", "is no mapping; \(accepted)")
        }
        for (key, _) in mapping where !keys.contains(key.string ?? "") {
            let word = key.string ?? "?"
            throw wrong(key, place.map { "\($0).\(word)" } ?? word, "is no key; \(accepted)")
        }
    }

    private func feed(_ key: Node, _ node: Node) throws -> FeedSettings {
        guard let name = key.string, FeedSettings.isName(name) else {
            throw wrong(
                key, "feeds.\(key.string ?? "?")",
                "is no name of a feed; accepted: \(FeedSettings.acceptedName)")
        }
        let place = "feeds.\(name)"
        try refuseUnknown(node, place, Self.keys)
        var feed = FeedSettings(name: name)
        for (key, value) in node.mapping ?? [:] {
            let word = key.string ?? "?"
            let place = "\(place).\(word)"
            switch word {
            case "endpoints": feed.endpoints = try endpoints(value, place)
            case "topics": feed.topics = try list(value, place)
            case "backfill": feed.sources = try sources(value, place)
            case "since": feed.since = try time(value, place)
            case "overlap": feed.margins.overlapSeconds = try seconds(value, place)
            case "lag": feed.margins.lagSeconds = try seconds(value, place)
            case "signatures": feed.signatures = try signatures(value, place)
            case "curve": feed.curve = try curve(value, place)
            default: preconditionFailure("\(word) is one of the keys")
            }
        }
        guard !feed.endpoints.isEmpty || !feed.sources.isEmpty else {
            throw wrong(
                key, place, "has neither endpoints nor backfill; accepted: one of them or both")
        }
        guard feed.since == nil || !feed.sources.isEmpty else {
            throw wrong(key, place, "has since without backfill; accepted: both, or neither")
        }
        guard feed.curve == nil || !feed.endpoints.isEmpty else {
            throw wrong(key, place, "has curve without endpoints; accepted: both, or neither")
        }
        return feed
    }

    private func endpoints(_ node: Node, _ place: String) throws -> [String] {
        let list = try list(node, place)
        for endpoint in list where !FeedSettings.isEndpoint(endpoint) {
            throw wrong(
                node, place, "has '\(endpoint)'; accepted: \(FeedSettings.acceptedEndpoint)")
        }
        return list
    }

    private func sources(_ node: Node, _ place: String) throws -> [SourceAddress] {
        let sources = try list(node, place).map { text in
            guard let address = SourceAddress(text) else {
                throw wrong(node, place, "has '\(text)'; accepted: \(SourceAddress.accepted)")
            }
            return address
        }
        guard Set(sources).count == sources.count else {
            throw wrong(node, place, "names a source twice; accepted: each once")
        }
        return sources
    }

    /// A list of texts; a text by itself is a list of one.
    private func list(_ node: Node, _ place: String) throws -> [String] {
        if let text = node.scalar?.string { return [text] }
        let texts = node.sequence?.compactMap { $0.scalar?.string }
        guard let texts, texts.count == node.sequence?.count else {
            throw wrong(node, place, "is no list of texts; accepted: as in [one, two]")
        }
        return texts
    }

    private func time(_ node: Node, _ place: String) throws -> Timestamp {
        let text = node.scalar?.string ?? ""
        do { return try FeedSettings.time(text) } catch {
            throw wrong(node, place, "is '\(text)'; accepted: \(TimeText.accepted)")
        }
    }

    private func seconds(_ node: Node, _ place: String) throws -> Int64 {
        let text = node.scalar?.string ?? ""
        do { return try TimeText.duration(Array(text.utf8)[...]) / 1_000_000 } catch {
            throw wrong(node, place, "is '\(text)'; accepted: \(TimeText.acceptedDuration)")
        }
    }

    func wrong(_ node: Node, _ place: String, _ sentence: String) -> ValidationError {
        let line = node.mark.map { ", line \($0.line)" } ?? ""
        return ValidationError("The configuration \(path)\(line): \(place) \(sentence).")
    }

    static func list(_ words: [String]) -> String { words.joined(separator: ", ") }
}
