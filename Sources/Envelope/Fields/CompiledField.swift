import CSimdJSON
import Model

/// A field in the form in which it is looked for in every message: tables that are read in place.
/// They belong to `CompiledFields`; going through them counts no references and copies no arrays,
/// which took as long as following the paths.
@safe
struct CompiledField: BitwiseCopyable {
    /// A path in the form that the C face follows.
    @safe
    struct Path: BitwiseCopyable {
        let origin: FieldPath.Origin
        let steps: UnsafeBufferPointer<tallylog_json_step>
    }

    /// Where a chain's texts come from.
    @safe
    enum Source: BitwiseCopyable {
        case path(Path)
        case constant(UnsafeRawBufferPointer)
        case captured(Int)
    }

    @safe
    struct Chain: BitwiseCopyable {
        let source: Source
        let transforms: UnsafeBufferPointer<CompiledTransform>
    }

    /// A piece of a template: a text, or the chains of which one gives the values in its place.
    @safe
    struct Part: BitwiseCopyable {
        let text: UnsafeRawBufferPointer
        let chains: UnsafeBufferPointer<Chain>
    }

    @safe
    enum Alternative: BitwiseCopyable {
        case chain(Chain)
        case template(UnsafeBufferPointer<Part>)
    }

    let dimension: Dimension
    /// Whether numbers, true and false are names too, as they are written.
    let takesNumbers: Bool
    let each: UnsafeBufferPointer<Path>
    let alternatives: UnsafeBufferPointer<Alternative>
}

/// A transform with its arguments, read in place.
@safe
struct CompiledTransform: BitwiseCopyable {
    let kind: Transform.Kind
    let texts: UnsafeBufferPointer<UnsafeRawBufferPointer>
    let numbers: UnsafeBufferPointer<Int>
}

/// The fields that are looked for together, and the memory that they are read from.
@safe
final class CompiledFields {
    private(set) var all: UnsafeBufferPointer<CompiledField>
    private var memory: [UnsafeMutableRawPointer]

    init(_ fields: [(field: Field, dimension: Dimension)]) {
        unsafe memory = []
        unsafe all = unsafe UnsafeBufferPointer(start: nil, count: 0)
        unsafe all = kept(fields.map { field($0.field, $0.dimension) })
    }

    deinit {
        for place in unsafe memory.indices { unsafe memory[place].deallocate() }
    }

    private func field(_ field: Field, _ dimension: Dimension) -> CompiledField {
        unsafe CompiledField(
            dimension: dimension, takesNumbers: dimension == .object,
            each: kept(field.each.map { path($0) }),
            alternatives: kept(field.alternatives.map { alternative($0) }))
    }

    private func alternative(_ alternative: Field.Alternative) -> CompiledField.Alternative {
        switch alternative {
        case .chain(let chain): .chain(self.chain(chain))
        case .template(let parts): unsafe .template(kept(parts.map { part($0) }))
        }
    }

    private func part(_ part: Field.Part) -> CompiledField.Part {
        switch part {
        case .text(let text): unsafe CompiledField.Part(text: bytes(text), chains: kept([]))
        case .value(let chains):
            unsafe CompiledField.Part(text: bytes([]), chains: kept(chains.map { chain($0) }))
        }
    }

    private func chain(_ chain: Field.Chain) -> CompiledField.Chain {
        let source: CompiledField.Source =
            switch chain.source {
            case .path(let path): .path(self.path(path))
            case .constant(let text): unsafe .constant(bytes(text))
            case .captured(let number): .captured(number)
            }
        return unsafe CompiledField.Chain(
            source: source, transforms: kept(chain.transforms.map { transform($0) }))
    }

    private func transform(_ transform: Transform) -> CompiledTransform {
        unsafe CompiledTransform(
            kind: transform.kind, texts: kept(transform.texts.map { unsafe bytes($0) }),
            numbers: kept(transform.numbers))
    }

    private func path(_ path: FieldPath) -> CompiledField.Path {
        let steps = unsafe path.steps.map { step in
            let text = unsafe bytes(Array(step.text.utf8))
            return unsafe tallylog_json_step(
                text: text.baseAddress?.assumingMemoryBound(to: UInt8.self),
                length: UInt32(text.count), kind: UInt32(step.kind),
                condition: UInt32(step.condition), keys_length: UInt32(step.keysLength),
                place: step.place)
        }
        return unsafe CompiledField.Path(origin: path.origin, steps: kept(steps))
    }

    private func bytes(_ text: [UInt8]) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(kept(text))
    }

    /// A copy that lives as long as this does; never without an address.
    private func kept<Item: BitwiseCopyable>(_ items: [Item]) -> UnsafeBufferPointer<Item> {
        let copy = UnsafeMutableBufferPointer<Item>.allocate(capacity: max(1, items.count))
        unsafe memory.append(UnsafeMutableRawPointer(copy.baseAddress!))
        _ = unsafe copy.initialize(from: items)
        return unsafe UnsafeBufferPointer(rebasing: copy[..<items.count])
    }
}
