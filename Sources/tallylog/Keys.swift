import ArgumentParser
import Feed

/// Makes a pair of keys for CURVE.
struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a pair of keys for connections that are encrypted and authenticated",
        discussion: """
            Writes NAME.key, which publishers may have, and NAME.key_secret, which only its owner \
            may read, both as ZeroMQ's own tools do; prints the public key. The secret one is \
            'secret_key_file' of a feed's 'curve'. Files that are there are not replaced.
            """)

    @Argument(help: "The files' path without their endings.")
    var name: String

    mutating func run() throws {
        do {
            let pair = try CurveKeyPair()
            try CurveKeyFile.write(pair, to: name)
            Terminal.print(lines: [pair.publicKey.text])
        } catch {
            Terminal.complain("\(error)")
            throw ExitStatus.failed
        }
    }
}
