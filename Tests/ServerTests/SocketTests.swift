// What could go wrong: the socket is made where others can put theirs in its place, a file that is
// no socket of ours is removed, others can connect in the moment before the mode is set, or a user
// without a role is answered.
import Foundation
import Glibc
import Model
import Query
import TestSupport
import Testing

@testable import Server

@Suite(.serialized) struct SocketTests {
    private func refusal(_ path: String, holdsDataLock: Bool = true) async throws -> String? {
        let engine = FakeEngine()
        defer { engine.stop() }
        let server = SocketServer(
            path: path, handler: engine, holdsDataLock: holdsDataLock, logger: TestServer.quiet)
        do {
            try await server.start()
        } catch let error as SocketError {
            return error.description
        }
        try await server.shutdown()
        return nil
    }

    /// Expects a refusal with these words in it; nil: none.
    private func expectRefusal(
        _ path: String, holdsDataLock: Bool = true, _ words: String?,
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await refusal(path, holdsDataLock: holdsDataLock)
        let isRight = words.map { found?.contains($0) == true } ?? (found == nil)
        #expect(isRight, "\(found ?? "not refused")", sourceLocation: place)
    }

    private func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = try TestServer.makeDirectory()
        try await body(directory)
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test(arguments: [0o777, 0o770, 0o1777, 0o702] as [mode_t])
    func directoriesWhereOthersWrite(mode: mode_t) async throws {
        try await inDirectory { directory in
            chmod(directory, mode)
            let refusal = try await refusal(directory + "/socket")
            #expect(refusal?.contains("has mode \(String(mode, radix: 8))") == true)
        }
    }

    @Test func directoriesThatAreNotOurs() async throws {
        try await inDirectory { directory in
            symlink(directory, directory + "-link")
            defer { unlink(directory + "-link") }
            try await expectRefusal(directory + "-link/socket", "cannot be opened")
            try await expectRefusal(directory + "/none/socket", "cannot be opened")
            guard geteuid() == 0 else { return }
            chown(directory, 65_534, 65_534)
            try await expectRefusal(directory + "/socket", "belongs to user 65534")
        }
    }

    @Test func onlyADeadSocketOfOursIsReplaced() async throws {
        try await inDirectory { directory in
            let path = directory + "/socket"
            #expect(FileManager.default.createFile(atPath: path, contents: Data("precious".utf8)))
            try await expectRefusal(path, "something else than a socket")
            #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
            unlink(path)

            symlink("/etc/passwd", path)
            try await expectRefusal(path, "something else than a socket")
            unlink(path)

            let stale = try ListeningSocket(path: path, mode: 0o600, replacesStale: false)
            close(stale.descriptor)
            try await expectRefusal(path, holdsDataLock: false, "a socket lies there")
            try await expectRefusal(path, nil)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aSocketThatTookOurPlaceIsLeftAlone() async throws {
        try await TestServer.with { server in
            unlink(server.path)
            let other = try ListeningSocket(path: server.path, mode: 0o600, replacesStale: false)
            try await server.server.shutdown()
            #expect(FileManager.default.fileExists(atPath: server.path))
            other.unlink()
            close(other.descriptor)
        }
    }

    @Test func pathsHaveALimit() async throws {
        try await inDirectory { directory in
            let room = 107 - directory.utf8.count - 1
            let longest = directory + "/" + String(repeating: "s", count: room)
            try await expectRefusal(longest, nil)
            try await expectRefusal(longest + "s", "a path of 108 bytes")
        }
    }

    /// Another thread looks at the file all the time, under the widest umask.
    @Test func theModeIsNeverWider() async throws {
        try await inDirectory { directory in
            let path = directory + "/socket"
            let before = umask(0)
            defer { umask(before) }
            let watcher = Task.detached {
                var widest: mode_t = 0
                var found = stat()
                while !Task.isCancelled {
                    if lstat(path, &found) == 0 { widest |= found.st_mode & 0o777 }
                }
                return widest
            }
            for _ in 0..<300 {
                let socket = try ListeningSocket(path: path, mode: 0o600, replacesStale: false)
                socket.unlink()
                close(socket.descriptor)
            }
            watcher.cancel()
            #expect(await watcher.value & 0o177 == 0)
        }
        try await TestServer.with(mode: 0o660) { server in
            var found = stat()
            #expect(lstat(server.path, &found) == 0 && found.st_mode & 0o777 == 0o660)
        }
    }

    /// Makes its third argument, then connects to its first all the time until its second is there.
    private static let racer = """
        import os, socket, sys
        refused = connected = 0
        open(sys.argv[3], "w").close()
        while not os.path.exists(sys.argv[2]):
            with socket.socket(socket.AF_UNIX) as racer:
                try:
                    racer.connect(sys.argv[1])
                    connected += 1
                except PermissionError:
                    refused += 1
                except OSError:
                    pass
        print("met" if refused else "never met", connected)
        """

    /// Another user tries to connect all the time while the socket is made and removed a thousand
    /// times, under the widest umask; and the server's own user always can.
    @Test(.enabled(if: geteuid() == 0)) func nobodyElseConnectsWhileItIsMade() async throws {
        try await inDirectory { directory in
            chmod(directory, 0o755)
            let path = directory + "/socket"
            let before = umask(0)
            defer { umask(before) }
            // Where the other user may say that the race has begun.
            #expect(mkdir(directory + "/open", 0o777) == 0)
            let begun = directory + "/open/begun"
            async let raced = run(
                "/usr/bin/setpriv",
                [
                    "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                    Self.racer, path, directory + "/end", begun,
                ])
            for _ in 0..<6_000 where access(begun, F_OK) != 0 { usleep(10_000) }
            for round in 0..<1_000 {
                let mode: mode_t = round % 2 == 0 ? 0o600 : 0o660
                let socket = try ListeningSocket(path: path, mode: mode, replacesStale: false)
                usleep(1_000)
                if round % 100 == 0 { _ = try RawClient(path) }
                socket.unlink()
                close(socket.descriptor)
            }
            #expect(FileManager.default.createFile(atPath: directory + "/end", contents: nil))
            let output = try await raced.output
            #expect(output == "met 0\n")
        }
    }

    @Test func connectionsAreNoMoreThanFilesAllow() {
        #expect(OpenFiles.raiseLimit() >= 1_024)
        #expect(ServerLimits.fitting(openFiles: 1_000_000).connections == Limits.connectionsMax)
        #expect(ServerLimits.fitting(openFiles: 4_096).connections == 3_072)
        #expect(ServerLimits.fitting(openFiles: 1_024).connections == 512)
        #expect(ServerLimits.fitting(openFiles: 1).connections == 1)
    }

    @Test func rolesAreEnforced() async throws {
        let own = geteuid()
        try await TestServer.with(roles: RoleTable([own: .read])) { server in
            let client = try RawClient(server.path)
            try client.expect("COUNT", .integer(0))
            try client.expect(
                "APPEND {}", .error("NOPERM this takes the role append; user \(own) has read"))
            try client.expect(
                "CHECKPOINT", .error("NOPERM this takes the role admin; user \(own) has read"))
            try client.expect("PING", .simple("PONG"))
        }
        try await TestServer.with(roles: RoleTable([own: [.append, .admin]])) { server in
            let client = try RawClient(server.path)
            try client.expect("APPEND {}", .integer(1))
            try client.expect("CHECKPOINT", .ok)
            try client.expect(
                "INFO", .error("NOPERM this takes the role read; user \(own) has append and admin"))
        }
        try await TestServer.with(roles: RoleTable([:])) { server in
            let client = try RawClient(server.path)
            try client.expect([.error("NOPERM user \(own) has no role at this server"), nil])
        }
    }

    /// A real other user, where the tests may become one.
    @Test(.enabled(if: geteuid() == 0)) func otherUsersAreTurnedAway() async throws {
        try await TestServer.with(mode: 0o666) { server in
            chmod(server.directory, 0o755)
            let (_, output) = try await run(
                "/usr/bin/setpriv",
                ["--reuid=65534", "--clear-groups", "redis-cli", "-s", server.path, "PING"])
            #expect(output.contains("NOPERM user 65534 has no role at this server"))
        }
    }
}
