import Engine
import Model
import Query
import TestSupport

/// The text of requests, a line each, answered by an engine: a reply that a client can read, and
/// the same one again.
enum QueryTarget {
    private struct Served {
        let directory = TemporaryDirectory()
        let engine: Engine

        init() {
            StoreImage.closed.write(to: directory.path + "/store")
            let path = directory.path + "/store"
            engine = LogImage.doing { try Engine(directory: path, options: StoreImage.options()) }
            precondition(engine.waitForRule("pushes", milliseconds: 60_000), "a rule is computed")
        }
    }
    private static let served = Served()

    static func run(_ bytes: [UInt8]) {
        var decoder = RequestDecoder()
        var offset = 0
        (bytes + [10]).withUnsafeBytes { line in
            while (try? decoder.read(line, from: &offset)) == true {
                guard decoder.refusal == nil,
                    let request = try? RequestParser.parse(decoder.words, now: StoreImage.now)
                else { continue }
                answer(request)
            }
        }
    }

    private static func answer(_ request: Request) {
        let engine = served.engine
        switch request {
        case .question(let question, let withSequence):
            let reply = Executor.answer(question, withSequence: withSequence, from: engine)
            expectReadable(reply)
            precondition(
                reply == Executor.answer(question, withSequence: withSequence, from: engine),
                "the same question has the same answer")
        case .explain(let question): expectReadable(Executor.explain(question, from: engine))
        default: break
        }
    }

    private static func expectReadable(_ reply: Reply) {
        for version in [ReplyEncoder.Version.resp2, .resp3] {
            var encoder = ReplyEncoder(version)
            encoder.append(reply)
            var decoder = ReplyDecoder()
            decoder.append(encoder.bytes)
            do {
                let read = try decoder.next()
                precondition(read != nil && decoder.isEmpty, "one whole reply")
                if version == .resp3 {
                    precondition(
                        read == reply.spelledOut || "\(reply)".contains("error"),
                        "a client reads what was said")
                }
            } catch {
                preconditionFailure("a client can read it: \(error)")
            }
        }
    }
}
