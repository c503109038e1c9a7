import Model

/// A field in the form in which it is looked for in every message.
final class CompiledField {
    struct Chain {
        enum Source {
            case path(CompiledPath)
            case constant([UInt8])
            case captured(Int)
        }

        var source: Source
        var transforms: [Transform]
    }

    enum Part {
        case text([UInt8])
        case value([Chain])
    }

    enum Alternative {
        case chain(Chain)
        case template([Part])
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
        alternatives = field.alternatives.map { Self.compiled($0) }
    }

    private static func compiled(_ alternative: Field.Alternative) -> Alternative {
        switch alternative {
        case .chain(let chain): .chain(compiled(chain))
        case .template(let parts):
            .template(
                parts.map { part in
                    switch part {
                    case .text(let text): .text(text)
                    case .value(let chains): .value(chains.map { compiled($0) })
                    }
                })
        }
    }

    private static func compiled(_ chain: Field.Chain) -> Chain {
        switch chain.source {
        case .path(let path):
            Chain(source: .path(CompiledPath(path)), transforms: chain.transforms)
        case .constant(let text):
            Chain(source: .constant(text), transforms: chain.transforms)
        case .captured(let number):
            Chain(source: .captured(number), transforms: chain.transforms)
        }
    }
}
