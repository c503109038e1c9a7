// What could go wrong: every room is right by itself, and the house is not. Here the real command
// is fed by a foreign ZeroMQ, asked by a foreign Redis client, killed, stopped and misused, and its
// answers are held against plain Python. Each program says at its head what it looks for.

import Testing

@Suite(
    .serialized,
    .enabled(if: PythonProgram.obstacle == nil, Comment(rawValue: PythonProgram.obstacle ?? "")))
struct EndToEndTests {
    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            "kill_and_count", "serving", "importing", "asking", "rejecting", "zones", "reading",
            "printing", "cookbook", "examples", "refusing", "formats",
            "mixed_load", "ceilings", "clients", "compacting", "following", "extracting",
            "restarting", "feeding", "trusting", "rules", "full_disk", "hostile", "hostile_bus",
            "losing", "soak", "clocks", "injected",
        ])
    func program(_ name: String) async throws {
        let command = try #require(
            PythonProgram.command, "no command beside the tests: build all products")
        let ended = try await PythonProgram(name: name).run(command)
        #expect(ended.code == 0, "\(ended.output)")
        #expect(ended.output.hasSuffix("all equal\n"))
    }
}
