import CSimdJSON
import Model

/// A rule's paths in the form that the C face follows, and what becomes of their strings.
@safe
final class CompiledRule {
    /// What becomes of the strings at the end of a path.
    struct Use {
        var dimension: Dimension
        var transform: NameTransform
        /// Alternatives of one field share its number; the first that leads to a name counts.
        var field: Int
        var alternative: Int
    }

    let uses: [Use]
    let notUsers: [[UInt8]]
    let paths: UnsafeMutableBufferPointer<tallylog_json_path>
    private let steps: UnsafeMutableBufferPointer<tallylog_json_step>
    private let texts: UnsafeMutableBufferPointer<UInt8>

    init(_ rule: ExtractionRule) {
        var uses: [Use] = []
        var parsed: [FieldPath] = []
        let fields =
            rule.users.map { (Dimension.user, $0) } + rule.packages.map { (Dimension.package, $0) }
        for (number, (dimension, field)) in fields.enumerated() {
            for (place, path) in FieldPath.alternatives(of: field).enumerated() {
                uses.append(
                    Use(
                        dimension: dimension, transform: path.transform, field: number,
                        alternative: place))
                parsed.append(path)
            }
        }
        self.uses = uses
        notUsers = rule.notUsers.map { Array($0.utf8) }

        let allSteps = parsed.flatMap(\.steps)
        unsafe texts = .allocate(capacity: max(1, allSteps.reduce(0) { $0 + $1.text.utf8.count }))
        unsafe steps = .allocate(capacity: max(1, allSteps.count))
        unsafe paths = .allocate(capacity: max(1, parsed.count))
        var textEnd = 0
        for (place, step) in allSteps.enumerated() {
            let start = textEnd
            for byte in step.text.utf8 {
                unsafe texts[textEnd] = byte
                textEnd += 1
            }
            unsafe steps.initializeElement(
                at: place,
                to: tallylog_json_step(
                    text: UnsafePointer(texts.baseAddress! + start),
                    length: UInt32(textEnd - start), kind: step.kind))
        }
        var stepEnd = 0
        for (place, path) in parsed.enumerated() {
            unsafe paths.initializeElement(
                at: place,
                to: tallylog_json_path(
                    steps: UnsafePointer(steps.baseAddress! + stepEnd),
                    count: UInt32(path.steps.count), from_msg: path.fromMsg ? 1 : 0))
            stepEnd += path.steps.count
        }
    }

    deinit {
        unsafe paths.deallocate()
        unsafe steps.deallocate()
        unsafe texts.deallocate()
    }
}
