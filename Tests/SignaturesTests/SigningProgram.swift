import Foundation
import TestSupport

/// What `signing.py` has made: authorities, lists, and messages with the verdicts that they must
/// get.
final class SigningProgram: Sendable {
    struct Case: Sendable {
        var name: String
        var verdict: String
        var text: [UInt8]
        var isLive: Bool
        var now: Int64
        /// By topic; the word `nitpicky` stands among them.
        var routing: [String: Set<String>]?
        var isNitpicky: Bool
        var trust: String
        var signer: String?
    }

    struct Failed: Error {
        var said: String
    }

    /// Debian's interpreter, whose packages `make test` installs.
    private static let interpreter = "/usr/bin/python3"

    /// Why it cannot be run here; nil where it can.
    static let obstacle: String? = {
        let check = try? run(["-c", "import cryptography.x509"])
        return check?.code == 0
            ? nil : "Python's cryptography is absent; 'make test-packages' installs it"
    }()

    /// Made once for all tests.
    static let made = Result { try SigningProgram(seed: UInt64.random(in: 0...1_000_000)) }

    let seed: UInt64
    let cases: [Case]
    private let folder: String

    private init(seed: UInt64) throws {
        self.seed = seed
        folder =
            FileManager.default.temporaryDirectory
            .appending(path: "tallylog-signing-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let program = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "signing.py").path
        let (code, said) = try Self.run(["-B", "-W", "ignore", program, folder, "\(seed)"])
        guard code == 0 else { throw Failed(said: said) }
        cases = try String(contentsOfFile: folder + "/cases.jsonl", encoding: .utf8)
            .split(separator: "\n").map(Self.read)
    }

    /// The content of one of its files.
    func content(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func message(_ name: String) throws -> [UInt8] {
        guard let found = cases.first(where: { $0.name == name }) else {
            throw Failed(said: "no message is called \(name)")
        }
        return found.text
    }

    private static func read(_ line: Substring) throws -> Case {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        guard let object, let name = object["name"] as? String,
            let verdict = object["verdict"] as? String, let text = object["text"] as? String,
            let live = object["live"] as? Bool, let now = object["now"] as? Int64,
            let trust = object["trust"] as? String
        else { throw Failed(said: "a case is incomplete: \(line)") }
        let routing = object["routing"] as? [String: Any]
        return Case(
            name: name, verdict: verdict, text: Array(text.utf8), isLive: live, now: now,
            routing: routing?.compactMapValues { ($0 as? [String]).map(Set.init) },
            isNitpicky: routing?["nitpicky"] as? Bool ?? false, trust: trust,
            signer: object["signer"] as? String)
    }

    private static func run(_ arguments: [String]) throws -> (code: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(filePath: interpreter)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}
