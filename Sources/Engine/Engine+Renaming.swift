import Disk
import Envelope
import MessageLog
import Model

extension Engine {
    /// Finds the names of all messages again, by `profile`, in the store in `directory`, which
    /// nobody may have open, and computes the rollups anew. Messages whose payloads retention has
    /// dropped keep their names.
    ///
    /// Cut short at any point, the store opens, with old names in some segments and new ones in
    /// others; the same call completes it.
    package static func reextract(
        directory: String, profile: Profile, options: Options = Options(),
        advanced: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(EngineError) -> RenamingReport {
        let report = try alone(in: directory) { () throws(EngineError) in
            // Damage is refused before anything is touched.
            let log: MessageLog
            do throws(LogError) {
                log = try MessageLog.open(
                    options.disk, directory: directory + "/log", options: options.log)
            } catch { throw .log(error) }
            // The rollups go first: they must not outlive the names that they count.
            try RollupPlaces(store: directory).drop()
            try RollupPlaces(store: directory).dropRules()
            return try rename(log, EnvelopeParser(profile: profile), advanced)
        }
        let engine = try Engine(directory: directory, options: options)
        _ = try engine.checkpoint()
        try engine.close()
        return report
    }

    private static func rename(
        _ log: MessageLog, _ parser: EnvelopeParser, _ advanced: (Int, Int) -> Void
    ) throws(EngineError) -> RenamingReport {
        do throws(LogError) {
            let report = try unsafe log.rename(
                { payload, found in
                    unsafe parser.forEachName(in: payload) { dimension, text in
                        if dimension != .topic { unsafe found(dimension, text) }
                    }
                }, advanced: advanced)
            try log.close()
            return report
        } catch { throw .log(error) }
    }
}
