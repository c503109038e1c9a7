import Model

/// A field in the form in which it is looked for in every message. Of objects, so that going
/// through them copies no arrays.
final class CompiledField {
    final class Chain {
        /// Nil for a constant, or for a captured key.
        let path: CompiledPath?
        let constant: [UInt8]?
        let captured: Int
        let transforms: [Transform]
        /// Whether texts stay as they are.
        let isPlain: Bool

        init(_ chain: Field.Chain) {
            transforms = chain.transforms
            isPlain = chain.transforms.isEmpty
            switch chain.source {
            case .path(let path): (self.path, constant, captured) = (CompiledPath(path), nil, 0)
            case .constant(let text): (path, constant, captured) = (nil, text, 0)
            case .captured(let number): (path, constant, captured) = (nil, nil, number)
            }
        }
    }

    /// A piece of a template: a text, or the chains of which one gives the values in its place.
    final class Part {
        let text: [UInt8]
        let chains: [Chain]

        init(_ part: Field.Part) {
            switch part {
            case .text(let text): (self.text, chains) = (text, [])
            case .value(let chains): (text, self.chains) = ([], chains.map { Chain($0) })
            }
        }
    }

    /// A chain, or the parts of a template.
    final class Alternative {
        let chain: Chain?
        let parts: [Part]

        init(_ alternative: Field.Alternative) {
            switch alternative {
            case .chain(let chain): (self.chain, parts) = (Chain(chain), [])
            case .template(let parts): (chain, self.parts) = (nil, parts.map { Part($0) })
            }
        }
    }

    let dimension: Dimension
    /// Whether numbers, true and false are names too, as they are written.
    let takesNumbers: Bool
    let each: [CompiledPath]
    let alternatives: [Alternative]

    init(_ field: Field, dimension: Dimension) {
        self.dimension = dimension
        takesNumbers = dimension == .object
        each = field.each.map { CompiledPath($0) }
        alternatives = field.alternatives.map { Alternative($0) }
    }
}
