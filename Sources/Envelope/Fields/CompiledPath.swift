import CSimdJSON

/// A path in the form that the C face follows. Holds memory that C reads.
@safe
final class CompiledPath {
    let origin: FieldPath.Origin
    let steps: UnsafeMutableBufferPointer<tallylog_json_step>
    private let texts: UnsafeMutableBufferPointer<UInt8>

    init(_ path: FieldPath) {
        origin = path.origin
        let bytes = path.steps.flatMap { Array($0.text.utf8) }
        unsafe texts = .allocate(capacity: max(1, bytes.count))
        _ = unsafe texts.initialize(from: bytes)
        unsafe steps = .allocate(capacity: max(1, path.steps.count))
        var start = 0
        for (place, step) in path.steps.enumerated() {
            let length = step.text.utf8.count
            unsafe steps.initializeElement(
                at: place,
                to: tallylog_json_step(
                    text: UnsafePointer(texts.baseAddress! + start), length: UInt32(length),
                    kind: UInt32(step.kind), condition: UInt32(step.condition),
                    keys_length: UInt32(step.keysLength), place: step.place))
            start += length
        }
        stepCount = path.steps.count
    }

    let stepCount: Int

    deinit {
        unsafe steps.deallocate()
        unsafe texts.deallocate()
    }
}
