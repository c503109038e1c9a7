import Foundation

/// The rules of the house, each as a function from a file to what is wrong with it.
enum Rules {
    /// Which of our own modules each room may import. Arrows only point down.
    static let arrows: [String: Set<String>] = [
        "CChecksum": [],
        "CLMDB": [],
        "CMalloc": [],
        "CSignatures": [],
        "CSimdJSON": [],
        "CYAML": [],
        "CZeroMQ": [],
        "CZstd": [],
        "Model": ["CChecksum"],
        "Disk": ["Model"],
        "DiskSimulation": ["Disk", "Model"],
        "LMDB": ["CLMDB", "Model"],
        "Zstd": ["CZstd"],
        "MessageLog": ["Disk", "Model", "Zstd"],
        "Rollup": ["LMDB", "Model"],
        "Signatures": ["CSignatures", "Disk", "Model"],
        "Envelope": ["CSimdJSON", "CYAML", "Disk", "Model", "Signatures"],
        "Rules": ["Envelope", "LMDB", "Model"],
        "Engine": ["Disk", "Envelope", "MessageLog", "Model", "Rollup", "Rules"],
        "Query": ["Engine", "MessageLog", "Model", "Rollup", "Rules"],
        "Tallylog": ["Engine", "Envelope", "MessageLog", "Model", "Query", "Rules"],
        "Feed": ["CZeroMQ", "Engine", "Envelope", "MessageLog", "Model", "Signatures"],
        "Client": ["Query"],
        "Backfill": [
            "Client", "Engine", "Envelope", "MessageLog", "Model", "Query", "Signatures",
        ],
        "Server": ["Engine", "Envelope", "Model", "Query"],
        "tallylog": [
            "Backfill", "CMalloc", "Client", "Disk", "Engine", "Envelope", "Feed", "MessageLog",
            "Model", "Query", "Rollup", "Rules", "Server", "Signatures", "Tallylog",
        ],
        "TestSupport": ["Engine", "Envelope", "MessageLog", "Model", "Query", "Rules"],
        "CallRecorder": [],
        "TrialProgram": [
            "CallRecorder", "Disk", "Engine", "MessageLog", "Model", "Query", "TestSupport",
        ],
        "FuzzTargets": [
            "Disk", "DiskSimulation", "Engine", "Envelope", "LMDB", "MessageLog", "Model", "Query",
            "Rules", "TestSupport",
        ],
    ]

    /// Packages that only one room may use, by the beginning of their modules' names.
    static let keepers: [String: Set<String>] = [
        "NIO": ["Backfill", "Server"], "AsyncHTTPClient": ["Backfill"],
        "ArgumentParser": ["tallylog"], "Configuration": ["tallylog"],
        "ServiceLifecycle": ["tallylog"], "Yams": ["tallylog"],
    ]

    /// Rooms that may use Foundation: none of the core, where it costs start-up time and hides
    /// allocations, and none so far at the edge.
    static let withFoundation: Set<String> = ["TestSupport"]

    static func imports(_ file: SourceFile) -> [String] {
        guard let allowed = arrows[file.room] else {
            return ["\(file.path): the room \(file.room) has no line in the table of arrows"]
        }
        return file.lines.compactMap(importedModule).compactMap { module in
            if arrows[module] != nil, !allowed.contains(module) {
                return "\(file.path): \(file.room) must not import \(module)"
            }
            if module.hasPrefix("Foundation"), !withFoundation.contains(file.room) {
                return "\(file.path): \(file.room) keeps Foundation out"
            }
            for (prefix, rooms) in keepers
            where module.hasPrefix(prefix) && !rooms.contains(file.room) {
                return "\(file.path): only \(rooms.sorted()) may import \(module)"
            }
            return nil
        }
    }

    private static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 2,
            words.count > position + 1, !line.hasPrefix("//"), !line.hasPrefix(" ")
        else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias"]
        let name = kinds.contains(words[position + 1]) ? words.last : words[position + 1]
        return name.flatMap { $0.split(separator: ".").first.map(String.init) }
    }

    static func length(_ file: SourceFile) -> [String] {
        file.lines.count > 500 ? ["\(file.path): \(file.lines.count) lines; at most 500"] : []
    }

    static func lines(_ file: SourceFile) -> [String] {
        file.lines.enumerated().flatMap { number, line -> [String] in
            var wrong: [String] = []
            let columns = line.utf8.count
            if columns > 100 { wrong.append("\(columns) columns; at most 100") }
            if line.last == " " || line.contains("\t") { wrong.append("trailing space or a tab") }
            return wrong.map { "\(file.path):\(number + 1): \($0)" }
        }
    }

    static func plain(_ file: SourceFile) -> [String] {
        file.lines.enumerated().compactMap { number, line in
            line.utf8.allSatisfy { $0 < 0x80 } ? nil : "\(file.path):\(number + 1): not ASCII"
        }
    }

    /// A function ends at the first closing brace under its beginning. One on a single line, or
    /// without a body, is over where the next begins or where the type ends.
    static func functions(_ file: SourceFile) -> [String] {
        var long: [String] = []
        var open: (line: Int, indent: Int)?
        for (number, line) in file.lines.enumerated() where !line.isEmpty {
            let indent = line.prefix { $0 == " " }.count
            if let start = open, indent <= start.indent {
                let closes = indent == start.indent && line.dropFirst(indent).hasPrefix("}")
                let length = number - start.line + 1
                if closes, length > 70 {
                    long.append("\(file.path):\(start.line + 1): \(length) lines; at most 70")
                }
                if closes || indent < start.indent { open = nil }
            }
            if startsFunction(line), open.map({ indent <= $0.indent }) ?? true {
                open = (number, indent)
            }
        }
        return long
    }

    private static func startsFunction(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        guard let first = words.first, !first.hasPrefix("//") else { return false }
        return words.contains { word in
            word == "func" || word == "deinit"
                || ["init(", "init?(", "init<", "subscript(", "subscript<"].contains {
                    word.hasPrefix($0)
                }
        }
    }

    private static let hollow = ["Util", "Helper", "Manager", "Misc", "Common"]

    static func names(_ file: SourceFile) -> [String] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol"]
        var names = [file.path.split(separator: "/").joined(separator: " ")]
        for line in file.lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
            let words = line.split(separator: " ")
            for (place, word) in words.dropLast().enumerated() where kinds.contains(word) {
                names.append(String(words[place + 1]))
            }
        }
        return names.filter { name in hollow.contains { name.contains($0) } }
            .map { "\(file.path): '\($0)' says nothing" }
    }

    static func leftovers(_ file: SourceFile) -> [String] {
        let banned = ["try!", " as! ", "TODO", "FIXME", "XXX", "catch {}", "catch { }"]
        return file.lines.enumerated().flatMap { number, line in
            banned.filter { line.contains($0) }.map { "\(file.path):\(number + 1): \($0)" }
        }
    }

    /// What writes to standard output or error by itself: only the command line may.
    static func printing(_ file: SourceFile) -> [String] {
        guard file.room != "tallylog" else { return [] }
        return file.lines.enumerated().compactMap { number, line in
            let words = line.split(separator: " ")
            guard words.contains(where: { $0.hasPrefix("print(") || $0.hasPrefix("debugPrint(") })
            else { return nil }
            return "\(file.path):\(number + 1): prints"
        }
    }
}
