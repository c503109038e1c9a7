import Glibc
import Query
import Synchronization

/// The text of INFO: sections of `key:value` lines, as Redis writes them.
struct InfoReply {
    private var text = ""
    private let wanted: Set<String>

    /// - Parameter sections: names in lower case; none, or one of Redis's words for it, means all.
    init(sections: [String]) {
        let all: Set<String> = ["all", "default", "everything"]
        wanted = sections.contains(where: all.contains) ? [] : Set(sections)
    }

    mutating func add(_ section: String, _ lines: [(String, String)]) {
        guard wanted.isEmpty || wanted.contains(section.lowercased()) else { return }
        if !text.isEmpty { text += "\r\n" }
        text += "# \(section)\r\n"
        for (key, value) in lines { text += "\(key):\(value)\r\n" }
    }

    var reply: Reply { .text(text) }
}

extension ServerFigures {
    /// The sections about the server itself.
    func sections(path: String) -> [(section: String, lines: [(String, String)])] {
        let server = [
            ("tallylog_version", Release.version), ("process_id", "\(getpid())"),
            ("unix_socket", path), ("uptime_in_seconds", "\(uptimeSeconds)"),
        ]
        let clients = [
            ("connected_clients", "\(connected.load(ordering: .relaxed))"),
            ("total_connections_received", "\(accepted.load(ordering: .relaxed))"),
            ("rejected_connections", "\(refused.load(ordering: .relaxed))"),
            ("total_commands_processed", "\(requests.load(ordering: .relaxed))"),
            ("faulty_requests", "\(faulty.load(ordering: .relaxed))"),
        ]
        return [("Server", server), ("Clients", clients)]
    }
}
