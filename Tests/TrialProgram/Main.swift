import CallRecorder
import Engine
import Glibc
import Model
import TestSupport

/// usage: TrialProgram record DIRECTORY TRACE SEED
///        TrialProgram recover DIRECTORY TRACE SEED
///        TrialProgram fail DIRECTORY CALL ERRNO ONCE|FOREVER SEED
///        TrialProgram index DIRECTORY FIRST LAST SEED
///
/// `record` writes down all file calls of the workload, `recover` those of opening and closing what
/// is there. `fail` makes a call fail (0 for none; ERRNO 0 for a short write), and says on standard
/// output how far it came. It ends with 0, or with 3 and the reason. `index` damages LMDB's file in
/// so many ways, and says of each what became of it.
@main
struct Main {
    static func main() {
        let words = CommandLine.arguments
        switch words.dropFirst().first {
        case "record" where words.count == 5:
            call_recorder_begin(words[2], words[3])
            finish(words[2], words[4]) { call_recorder_note($0.word) }
        case "recover" where words.count == 5:
            call_recorder_begin(words[2], words[3])
            recover(words[2], UInt64(words[4]) ?? 0)
        case "fail" where words.count == 7:
            call_recorder_fail(
                words[2], UInt64(words[3]) ?? 0, Int32(words[4]) ?? 0,
                words[5] == "FOREVER" ? 1 : 0)
            finish(words[2], words[6]) { progress in
                switch progress {
                case .sending(let number): say("sending \(number)")
                case .acknowledged(let number): say("acknowledged \(number)")
                }
            }
        case "index" where words.count == 6:
            damage(words[2], Int(words[3]) ?? 0, Int(words[4]) ?? 0, UInt64(words[5]) ?? 0)
        default:
            say("usage: TrialProgram record|recover|fail|index ...")
            exit(2)
        }
    }

    private static func finish(
        _ directory: String, _ seed: String, _ note: @escaping (CutProgress) -> Void
    ) {
        let workload = Workload(
            directory: directory, seed: UInt64(seed) ?? 0, note: note,
            refused: { say("refused \($0)") })
        do { try workload.run() } catch {
            say("refused \(error)")
            say("calls \(call_recorder_count())")
            exit(3)
        }
        say("calls \(call_recorder_count())")
        say("done")
    }

    private static func damage(_ directory: String, _ first: Int, _ last: Int, _ seed: UInt64) {
        // Whoever started this may have blocked it, as threads of Dispatch have.
        var alarms = sigset_t()
        sigemptyset(&alarms)
        sigaddset(&alarms, SIGALRM)
        pthread_sigmask(SIG_UNBLOCK, &alarms, nil)
        do {
            let index = try DamagedIndex(directory, seed: seed)
            for number in first...max(first, last) {
                // A damaged tree may have no end.
                alarm(20)
                say("case \(number)")
                say("ended \(number) \(try index.outcome(ofCase: number))")
            }
        } catch {
            say("refused \(error)")
            exit(3)
        }
    }

    /// What an opened store shows must be there for good.
    private static func recover(_ directory: String, _ seed: UInt64) {
        do {
            let engine = try Engine(
                directory: directory + "/store", options: CutStore.options(seed: seed))
            defer { try? engine.close() }
            let shown = try CutStore.numbers(in: engine).count
            call_recorder_note(CutProgress.acknowledged(shown).word)
            try engine.close()
        } catch {
            say("refused \(error)")
            exit(3)
        }
    }

    /// Past the C library's buffers: whoever reads has it before the next call.
    private static func say(_ line: String) {
        let bytes = Array((line.replacing("\n", with: " ") + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
