import FuzzTargets
import Glibc

/// The target that TALLYLOG_FUZZ names. One program for all: building takes longer than most runs.
private let target: FuzzTarget = {
    let name = getenv("TALLYLOG_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        preconditionFailure("TALLYLOG_FUZZ names no target: '\(name)'; there are \(names)")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
