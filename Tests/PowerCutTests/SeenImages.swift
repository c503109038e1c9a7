import DiskSimulation
import Synchronization

/// What was found in the images of one run of the workload. Many calls change nothing that a power
/// cut would leave: then the image is one that was opened before, and what is in it is known.
final class SeenImages: Sendable {
    /// How many messages there are in each image without a problem.
    private let messages = Mutex<[Int: Int]>([:])

    /// How many images were opened and found right.
    var count: Int { messages.withLock { $0.count } }

    /// - Parameters:
    ///   - known: the messages that must be there, up to those that may be there.
    ///   - open: looks into an image that is a new one.
    /// - Returns: sentences; none where all promises are kept.
    func problems(
        of image: SimulatedDisk, _ known: ClosedRange<Int>, _ what: String,
        open: () throws -> ImageCheck.Findings
    ) throws -> [String] {
        let digest = try Self.digest(of: image)
        if let count = messages.withLock({ $0[digest] }) {
            return ImageCheck.problems(ofCount: count, known).map { "\(what): \($0)" }
        }
        let findings = try open()
        if findings.problems.isEmpty { messages.withLock { $0[digest] = findings.messages } }
        return findings.problems
    }

    /// Of all names and bytes, and of directories without files, too.
    private static func digest(of image: SimulatedDisk) throws -> Int {
        var hasher = Hasher()
        var waiting = ["/"]
        while let path = waiting.popLast() {
            hasher.combine(path)
            if path != "/", let bytes = image.contents(of: path) {
                hasher.combine(bytes.count)
                bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
            } else {
                let inside = path == "/" ? path : path + "/"
                waiting += try image.list(path).sorted().map { inside + $0 }
            }
        }
        return hasher.finalize()
    }
}
