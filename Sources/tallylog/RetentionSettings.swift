import ArgumentParser
import Model
import Query

/// How long payloads are kept, as it is written: `90d`, `20G`.
enum RetentionSettings {
    static func retention(age: String?, bytes: String?) throws -> Retention {
        var retention = Retention.none
        if let age {
            do {
                retention.seconds = try TimeText.duration(Array(age.utf8)[...]) / 1_000_000
            } catch {
                throw ValidationError(
                    "The retention's age: \(error.reason); accepted: "
                        + "\(TimeText.acceptedDuration).")
            }
        }
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
