/// What of a message is a name: alternatives, of which the first that leads to something counts.
/// The pieces are shared by everything that is declared about messages; see docs/profiles.md.
package struct Field: Sendable, Equatable {
    /// A path and what is made of the texts that it leads to; or a text of its own.
    struct Chain: Sendable, Equatable {
        enum Source: Sendable, Equatable {
            case path(FieldPath)
            case constant([UInt8])
            /// The key of the `n`th `{}` in the rule's `each`, the first being 0.
            case captured(Int)
        }

        var source: Source
        var transforms: [Transform] = []
    }

    /// A piece of a template: a text, or what stands in its place.
    enum Part: Sendable, Equatable {
        case text([UInt8])
        case value([Chain])
    }

    enum Alternative: Sendable, Equatable {
        case chain(Chain)
        case template([Part])
    }

    /// The values for each of which the alternatives are looked at: where the first of the paths
    /// that leads anywhere leads to. None for once.
    let each: [FieldPath]
    let alternatives: [Alternative]

    /// Reads a field.
    /// - Parameters:
    ///   - text: paths with transforms, templates or constants, with `|` between them.
    ///   - each: paths, with `|` between them, of the values for each of which `text` counts; nil
    ///     for once.
    package init(_ text: String, each: String? = nil) throws(FieldError) {
        var paths: [FieldPath] = []
        for part in each?.split(separator: "|", omittingEmptySubsequences: false) ?? [] {
            var rest = part.drop { $0 == " " }
            paths.append(try FieldPath(taking: &rest))
            guard rest.allSatisfy({ $0 == " " }), paths.last?.origin != .each else {
                throw FieldError("each is a path, or several with | between them, not \"\(part)\"")
            }
        }
        self.each = paths
        var reader = FieldReader(text)
        alternatives = try reader.readAlternatives()
        guard paths.isEmpty, alternatives.contains(where: \.needsEach) else { return }
        throw FieldError("\"\(text)\" has a path from a value of each, but there is no each")
    }
}

extension Field.Chain {
    var needsEach: Bool {
        switch source {
        case .path(let path): path.origin == .each
        case .captured: true
        case .constant: false
        }
    }
}

extension Field.Alternative {
    var needsEach: Bool {
        switch self {
        case .chain(let chain): chain.needsEach
        case .template(let parts):
            parts.contains { part in
                if case .value(let chains) = part { return chains.contains(where: \.needsEach) }
                return false
            }
        }
    }
}
