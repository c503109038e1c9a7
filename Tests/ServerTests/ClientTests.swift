// What could go wrong: a client of Redis's world that greets, asks or reads in a way that the
// server does not know, so that users would need a client of their own.
import Foundation
import Query
import TestSupport
import Testing

@testable import Server

@Suite(.serialized) struct ClientTests {
    private func cli(_ server: TestServer, _ arguments: [String]) async throws -> String {
        try await run("/usr/bin/redis-cli", ["-s", server.path] + arguments).output
    }

    @Test func redisCLI() async throws {
        try await TestServer.with { server in
            #expect(try await cli(server, ["PING"]) == "PONG\n")
            #expect(try await cli(server, ["APPEND", "{\"a\": 1}"]) == "1\n")
            #expect(try await cli(server, ["COUNT"]) == "1\n")
            #expect(try await cli(server, ["SERIES", "1h"]) == "3600\n1\n7200\n2\n")
            #expect(try await cli(server, ["-3", "COUNT"]) == "1\n")
            let hello = try await cli(server, ["-3", "--json", "HELLO", "3"])
            #expect(hello.contains("\"server\":\"tallylog\"") && hello.contains("\"proto\":3"))
            #expect(try await cli(server, ["GET", "x"]) == "\n")
            #expect(
                try await cli(server, ["COUNT", "FOO"]).hasPrefix(
                    "ERR COUNT, word 2: 'FOO' is no option; accepted: NOT, TOPIC"))
            let documents = try await cli(server, ["COMMAND", "DOCS", "get"])
            #expect(documents.contains("Returns one message by its id"))
            #expect(
                try await cli(server, ["INFO", "engine"])
                    == "# Engine\r\nsequence:1\r\nfeeds_connected:0\r\n")
        }
    }

    /// The interactive mode asks for the commands' documentation and shows it; it needs a terminal.
    @Test func redisCLIHelps() async throws {
        let script = """
            import fcntl, os, pty, select, struct, sys, termios, time
            child, terminal = pty.fork()
            if child == 0:
                time.sleep(0.2)
                os.environ["TERM"] = "xterm"
                os.execvp("redis-cli", ["redis-cli", "-s", sys.argv[1]])
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
            # What is typed before the prompt is back is thrown away by redis-cli, so the end of the
            # output is waited for: the prompt and then silence.
            def expect(text, seconds=10):
                seen, end = "", time.time() + seconds
                while time.time() < end:
                    if select.select([terminal], [], [], 0.3)[0]:
                        seen += os.read(terminal, 65536).decode(errors="replace")
                    elif text in seen:
                        return
                raise SystemExit(seen)
            expect("> ")
            os.write(terminal, b"help seen\\r")
            expect("Tells when a name first and last occurred")
            os.write(terminal, b"help @questions\\r")
            expect("Ranks the names of a dimension")
            os.write(terminal, b"SERIES ")
            expect("every [DISTINCT dimension]")
            os.kill(child, 9)
            print("fine")
            """
        try await TestServer.with { server in
            let (code, output) = try await run("/usr/bin/python3", ["-c", script, server.path])
            #expect(output == "fine\n")
            #expect(code == 0)
        }
    }

    @Test func redisPy() async throws {
        let script = """
            import redis, sys
            client = redis.Redis(unix_socket_path=sys.argv[1], client_name="tests")
            assert client.ping() is True
            assert client.client_getname() == "tests", client.client_getname()
            assert client.client_id() > 0
            assert client.execute_command("APPEND", '{"a": 1}') == 1
            pipe = client.pipeline(transaction=False)
            for _ in range(500):
                pipe.execute_command("APPEND", b'{"b": 2}')
            pipe.execute_command("COUNT")
            assert pipe.execute() == list(range(2, 502)) + [501]
            assert client.execute_command("SERIES", "1h") == [[3600, 1], [7200, 2]]
            rows = client.execute_command("TOP", 3, "user")
            assert rows == [[b"x" * 1024, n] for n in range(3)]
            info = client.info()
            assert info["sequence"] == 501 and info["connected_clients"] == 1, info
            assert client.config_get("save") == {}
            assert client.echo("a b") == b"a b"
            try:
                client.execute_command("COUNT", "FROM", "yesterday")
                raise SystemExit("no error")
            except redis.ResponseError as error:
                assert str(error).startswith("COUNT, word 3: 'yesterday' is no time"), error
            assert client.ping() is True
            assert client.command_count() > 10
            print("fine")
            """
        try await TestServer.with { server in
            let (code, output) = try await run("/usr/bin/python3", ["-c", script, server.path])
            #expect(output == "fine\n")
            #expect(code == 0)
        }
    }

    @Test func redisBenchmark() async throws {
        try await TestServer.with { server in
            let (code, output) = try await run(
                "/usr/bin/redis-benchmark",
                ["-s", server.path, "-t", "ping", "-n", "20000", "-P", "16", "-q", "--csv"])
            #expect(code == 0)
            #expect(output.contains("\"PING_INLINE\"") && output.contains("\"PING_MBULK\""))
        }
    }

    /// What a person types into `nc -U`.
    @Test func typedLines() async throws {
        try await TestServer.with { server in
            let client = try RawClient(server.path)
            try client.expect("append {\"a\": \"b c\"}", .integer(1))
            try client.expect("count", .integer(1))
            guard case .array(let lines) = try client.ask("help get") else {
                Issue.record("no help")
                return
            }
            #expect(lines == [.text("GET id [AT]"), .text("    Returns one message by its id.")])
            try client.expect(
                "hello 4", .error("NOPROTO HELLO, word 2: protocol '4'; accepted: 2, 3"))
            try client.expect("client setname me", .ok)
            try client.expect("reset", .simple("RESET"))
            try client.expect("client getname", .null)
            try client.send("QUIT\r\nPING\r\n")
            try client.expect([.ok, nil])
        }
    }
}
