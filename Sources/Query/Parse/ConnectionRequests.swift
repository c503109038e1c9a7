/// Commands about the connection and the server's face, as Redis clients send them.
extension RequestParser {
    /// Nil where the command is none of these.
    mutating func connectionRequest() throws(RequestError) -> ConnectionRequest? {
        switch command {
        case "PING":
            try require(words.count <= 2)
            return .ping(words.count == 2 ? Array(words[1]) : nil)
        case "ECHO":
            try require(words.count == 2)
            return .echo(Array(words[1]))
        case "HELLO":
            return try hello()
        case "CLIENT":
            return try client()
        case "COMMAND":
            return try commandRequest()
        case "CONFIG":
            try require(words.count >= 3)
            guard words.keyword(1) == "GET" else {
                throw wrong(1, "CONFIG \(quoted(words[1])); accepted: GET (nothing is set here)")
            }
            return .configGet
        case "HELP":
            try require(words.count <= 2)
            return .help(words.count == 2 ? Array(words[1]) : nil)
        case "SELECT":
            try require(words.count == 2)
            guard words[1].elementsEqual("0".utf8) else {
                throw wrong(1, "database \(quoted(words[1])); accepted: 0, there is one")
            }
            return .select
        case "RESET":
            try require(words.count == 1)
            return .reset
        case "QUIT":
            return .quit
        default:
            return nil
        }
    }

    private mutating func hello() throws(RequestError) -> ConnectionRequest {
        guard words.count > 1 else { return .hello(version: nil, user: nil, name: nil) }
        guard let version = TimeText.number(words[1]), version == 2 || version == 3 else {
            // Clients look for this code to fall back to an older protocol.
            throw RequestError(noProtocol: quoted(words[1]))
        }
        var user: [UInt8]?
        var name: [UInt8]?
        var place = 2
        while place < words.count {
            switch words.keyword(place) {
            case "AUTH":
                try require(place + 2 < words.count)
                user = Array(words[place + 1])
                place += 3
            case "SETNAME":
                try require(place + 1 < words.count)
                name = try clientName(at: place + 1)
                place += 2
            default:
                throw wrong(
                    place, "\(quoted(words[place])) is no option; accepted: AUTH, SETNAME")
            }
        }
        return .hello(version: Int(version), user: user, name: name)
    }

    private func client() throws(RequestError) -> ConnectionRequest {
        try require(words.count >= 2)
        switch words.keyword(1) {
        case "ID":
            try require(words.count == 2)
            return .clientID
        case "GETNAME":
            try require(words.count == 2)
            return .clientGetName
        case "SETNAME":
            try require(words.count == 3)
            return .clientSetName(try clientName(at: 2))
        case "SETINFO":
            try require(words.count == 4)
            return .clientSetInfo
        default:
            throw wrong(
                1, "CLIENT \(quoted(words[1])); accepted: ID, GETNAME, SETNAME, SETINFO")
        }
    }

    /// A name that can be shown in a list.
    private func clientName(at place: Int) throws(RequestError) -> [UInt8] {
        let name = words[place]
        guard name.count <= 64, name.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw wrong(
                place,
                "a client's name \(quoted(name)); accepted: at most 64 printable ASCII "
                    + "characters without spaces")
        }
        return Array(name)
    }

    private func commandRequest() throws(RequestError) -> ConnectionRequest {
        guard words.count > 1 else { return .commandInfo([]) }
        let rest = (2..<words.count).map { Array(words[$0]) }
        switch words.keyword(1) {
        case "INFO":
            return .commandInfo(rest)
        case "DOCS":
            return .commandDocs(rest)
        case "COUNT":
            try require(rest.isEmpty)
            return .commandCount
        case "LIST":
            try require(rest.isEmpty)
            return .commandList
        default:
            throw wrong(
                1, "COMMAND \(quoted(words[1])); accepted: COUNT, DOCS, INFO, LIST")
        }
    }
}
