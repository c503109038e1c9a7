import Model
import Query

/// Any bytes from a client: requests or an error in words, never a crash.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let words = bytes.split(separator: 10).map { Array($0) }
    guard !words.isEmpty else { return 0 }
    let now = Timestamp(seconds: 1_767_225_600)
    do {
        _ = try RequestParser.parse(Words(words), now: now)
    } catch {
        precondition(!error.sentence.isEmpty, "an error says what was wrong")
    }
    return 0
}
