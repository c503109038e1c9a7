import Model

/// A rule's fields in the form in which they are looked for in every message.
final class CompiledRule {
    let rule: ExtractionRule
    let fields: [CompiledField]

    init(_ rule: ExtractionRule) {
        self.rule = rule
        fields =
            rule.users.map { CompiledField($0, dimension: .user) }
            + rule.packages.map { CompiledField($0, dimension: .package) }
            + rule.objects.map { CompiledField($0, dimension: .object) }
            + rule.agent.map { CompiledField($0, dimension: .agent) }
    }
}
