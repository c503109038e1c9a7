import Foundation

/// Numbers from the environment, so that the same suites run for seconds or for days.
package enum Amount {
    package static func of(_ variable: String, _ otherwise: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? otherwise
    }

    /// From which seed on a suite goes: `TALLYLOG_SEED`, or 1.
    package static var seed: UInt64 { UInt64(of("TALLYLOG_SEED", 1)) }

    /// The folder that failing images are kept in, `TALLYLOG_FAILURES`; nil to keep none.
    package static var failures: String? {
        ProcessInfo.processInfo.environment["TALLYLOG_FAILURES"]
    }
}
