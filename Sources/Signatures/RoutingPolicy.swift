/// Which certificates may speak on which topics.
package struct RoutingPolicy: Sendable, Equatable {
    /// By exact topic, the common names that are permitted.
    package var names: [String: Set<String>]
    /// Refuses topics that are not listed; otherwise any trusted certificate may speak on them.
    package var isNitpicky: Bool

    package init(names: [String: Set<String>] = [:], isNitpicky: Bool = false) {
        self.names = names
        self.isNitpicky = isNitpicky
    }

    var isEmpty: Bool { names.isEmpty && !isNitpicky }

    func verdict(topic: String, name: String) -> Verdict {
        guard let permitted = names[topic] else { return isNitpicky ? .unrouted : .valid }
        return permitted.contains(name) ? .valid : .misrouted
    }
}
