import Foundation
import Synchronization

/// Shares out work that waits now and then: each lane has a thread, though there may be fewer
/// processors.
/// - Parameter body: does the part of the lane with a number.
/// - Returns: what all lanes have found.
func inLanes(_ lanes: Int, _ body: (Int) throws -> [String]) throws -> [String] {
    let results = Mutex<[Result<[String], any Error>]>([])
    // The closure does not outlive the call.
    withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        let working = DispatchGroup()
        for lane in 0..<lanes {
            DispatchQueue(label: "lane \(lane)").async(group: working) {
                let result = Result { try body(lane) }
                results.withLock { $0.append(result) }
            }
        }
        working.wait()
    }
    return try results.withLock { try $0.flatMap { try $0.get() } }
}
