import Envelope
import Model

/// One for all inputs: making a parser costs more than using it. libFuzzer calls from one thread.
nonisolated(unsafe) private let parser = EnvelopeParser(profile: .fedora)

/// Any bytes as an envelope: a record or a rejection, never a crash; a record is whole.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    var batch = RecordBatch()
    let outcome = parser.append(
        bytes, frameTopic: nil, arrival: Timestamp(seconds: 1_767_225_600), to: &batch)
    precondition((outcome == .record) == (batch.count == 1), "a record, or a rejection")
    batch.forEach { _, record in
        precondition(record.payload.elementsEqual(bytes), "the payload is kept byte for byte")
    }
    return 0
}
