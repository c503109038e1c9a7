import ArgumentParser
import Model
import Query

/// How long payloads and counts per minute are kept, as it is written: `90d`, `20G`.
enum RetentionSettings {
    /// What `retention` of the configuration file may have.
    static let keys = ["age", "bytes", "minutes"]

    static func retention(age: String?, bytes: String?, minutes: String?) throws -> Retention {
        var retention = Retention.none
        retention.seconds = try age.map { try seconds($0, "age") }
        retention.minuteSeconds = try minutes.map { try seconds($0, "age of minutes") }
        if let bytes {
            guard let amount = amount(of: bytes) else {
                throw ValidationError(
                    "The retention's bytes are '\(bytes)'; accepted: a whole number, and K, M, G "
                        + "or T for powers of 1,024, as in 20G.")
            }
            retention.bytes = amount
        }
        return retention
    }

    private static func seconds(_ text: String, _ what: String) throws -> Int64 {
        do {
            return try TimeText.duration(Array(text.utf8)[...]) / 1_000_000
        } catch {
            throw ValidationError(
                "The retention's \(what): \(error.reason); accepted: "
                    + "\(TimeText.acceptedDuration).")
        }
    }

    private static func amount(of text: String) -> Int? {
        let powers: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
        var digits = Substring(text)
        var power = 0
        if let last = digits.last, let known = powers[last] {
            power = known
            digits.removeLast()
        }
        guard digits.allSatisfy({ ("0"..."9").contains($0) }), let count = Int(digits), count > 0
        else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: 1 << power)
        return overflows ? nil : bytes
    }
}
