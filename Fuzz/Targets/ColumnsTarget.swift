import Disk
import MessageLog
import Model

/// Any bytes as a columns file: refused, or readable from end to end without a crash.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 8)
    if let start { copy.copyMemory(from: UnsafeRawBufferPointer(start: start, count: count)) }
    let whole = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<count])
    let mapped = MappedBytes(whole) { $0.deallocate() }
    guard let columns = try? SegmentColumns.open(mapped) else { return 0 }
    for index in 0..<columns.blockCount {
        let block = columns.block(index, .all)
        precondition(block.rows == block.times.count, "a block has a time for every row")
    }
    _ = columns.rows(withID: MessageID(form: 2026, high: 1, low: 2))
    _ = try? columns.verify()
    return 0
}
