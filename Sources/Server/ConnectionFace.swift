import Query

/// What a connection answers about itself and the server, without the engine.
extension Connection {
    func answer(_ request: ConnectionRequest) {
        switch request {
        case .ping(nil): write(.simple("PONG"))
        case .ping(let message?), .echo(let message): write(.bulk(message))
        case .hello(let version, let user, let name): hello(version, user, name)
        case .clientID: write(.integer(id))
        case .clientGetName: write(name.isEmpty ? .null : .bulk(name))
        case .clientSetName(let new):
            name = new
            write(.ok)
        case .clientSetInfo, .select: write(.ok)
        case .commandInfo(let names): write(CommandTable.information(of: names))
        case .commandDocs(let names): write(CommandTable.documentation(of: names))
        case .commandCount: write(.integer(Int64(CommandTable.all.count)))
        case .commandList:
            write(.array(CommandTable.all.map { .text($0.name.lowercased()) }))
        case .configGet: write(.map([]))
        case .help(let command): write(CommandTable.help(on: command))
        case .reset:
            name = []
            output.version = .resp2
            write(.simple("RESET"))
        case .quit:
            write(.ok)
            close()
        }
    }

    /// The kernel says who a client is; any password will do, as for Redis's default user without
    /// one.
    private func hello(_ version: Int?, _ user: [UInt8]?, _ newName: [UInt8]?) {
        if let user, !user.elementsEqual("default".utf8) {
            write(.error("WRONGPASS there are no passwords here; accepted: the user default"))
            return
        }
        if let version = version.flatMap(ReplyEncoder.Version.init) { output.version = version }
        if let newName { name = newName }
        write(
            .map([
                (.text("server"), .text("tallylog")),
                (.text("version"), .text(Release.version)),
                (.text("proto"), .integer(Int64(output.version.rawValue))),
                (.text("id"), .integer(id)),
                (.text("mode"), .text("standalone")),
                (.text("role"), .text("master")),
                (.text("modules"), .array([])),
            ]))
    }

    func info(_ sections: [String]) -> Reply {
        var text = InfoReply(sections: sections)
        for section in room.figures.sections(path: room.path) + room.handler.info() {
            text.add(section.section, section.lines)
        }
        return text.reply
    }
}
