import Model

/// A rule's fields in the form in which they are looked for in every message.
final class CompiledRule {
    let rule: ExtractionRule
    let fields: CompiledFields

    init(_ rule: ExtractionRule) {
        self.rule = rule
        fields = CompiledFields(
            rule.users.map { ($0, .user) } + rule.packages.map { ($0, .package) }
                + rule.objects.map { ($0, .object) } + rule.agent.map { ($0, .agent) })
    }
}
