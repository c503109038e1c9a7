import CSimdJSON
import Model

extension Aliases {
    /// Reads a JSON object whose keys are aliases and whose values are accounts.
    package static func load(_ path: String) throws(ConfigurationError) -> Aliases {
        try read(try ConfigurationFile.read(path), file: path)
    }

    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: how the file is called in errors.
    package static func read(_ text: [UInt8], file: String) throws(ConfigurationError) -> Aliases {
        guard let parser = unsafe tallylog_json_create() else {
            preconditionFailure("there is memory for a JSON parser")
        }
        defer { unsafe tallylog_json_destroy(parser) }
        let outcome: Result<Aliases, ConfigurationError> = unsafe text.withUnsafeBytes { bytes in
            do throws(ConfigurationError) {
                return .success(try unsafe read(bytes, parser, file))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ parser: OpaquePointer, _ file: String
    ) throws(ConfigurationError) -> Aliases {
        var fields = tallylog_json_envelope()
        let code = unsafe tallylog_json_parse(
            parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
            UInt32(Limits.jsonDepthMax), &fields)
        let line = { (offset: Int) in
            unsafe bytes[..<min(offset, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
        }
        guard code == TALLYLOG_JSON_OK else {
            throw ConfigurationError(
                file: file, line: unsafe line(Int(tallylog_json_failed_at(parser))),
                reason: "Accepted is one JSON object of the form {\"alias\": \"account\"}.")
        }
        let values = unsafe tallylog_json_values(parser)!
        var accounts: [String: String] = [:]
        var key = 1
        while unsafe key < Int(values[0].next) {
            let alias = unsafe text(values[key], parser)
            let value = unsafe values[key + 1]
            guard Int(value.kind) == TALLYLOG_JSON_STRING, value.end > value.start, !alias.isEmpty
            else {
                throw unsafe ConfigurationError(
                    file: file, line: line(Int(values[key].start)), key: alias,
                    reason: "Accepted is an account's name: a string that is not empty.")
            }
            accounts[alias] = unsafe text(value, parser)
            key = Int(value.next)
        }
        return Aliases(accounts)
    }

    private static func text(_ value: tallylog_json_value, _ parser: OpaquePointer) -> String {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(value.end - value.start)) {
            var value = value
            $1 = unsafe Int(tallylog_json_unescape(parser, &value, $0.baseAddress))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
