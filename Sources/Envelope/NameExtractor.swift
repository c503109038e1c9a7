import CSimdJSON
import Model

/// Runs a rule over the message that was parsed last, and turns what its fields find into names.
struct NameExtractor: ~Copyable {
    private var finder: FieldFinder

    init(aliases: Aliases) { finder = FieldFinder(aliases: aliases) }

    /// Adds the names that `rule` finds to `names`.
    /// - Parameter message: the values of the payload.
    mutating func extract(
        _ rule: CompiledRule, from message: FieldFinder.Message, into names: inout NameSet
    ) {
        finder.begin()
        var someoneActed = false
        let fields = unsafe rule.fields.all
        for number in 0..<fields.count {
            let field = unsafe fields[number]
            if someoneActed && field.dimension == .agent { continue }
            finder.find(field, in: message, &names)
            for place in 0..<finder.found.count {
                let piece = finder.found[place]
                names.insert(field.dimension, piece)
                // Who acted is one.
                someoneActed = field.dimension == .agent && piece.count > 0
                if someoneActed { break }
            }
        }
    }
}
