import Model

/// What the log's columns say of one message. Reused from message to message.
package struct RuleMessage {
    package var sequence: UInt64 = 0
    /// Microseconds since 1970.
    package var time: Int64 = 0
    /// By dimension's code: the names, topic and category among them.
    package var names: [[[UInt8]]]

    package init() {
        names = Array(repeating: [], count: RuleWords.dimensions.count)
    }

    package mutating func setTopic(_ topic: [UInt8], category: [UInt8]) {
        names[Int(Dimension.topic.code)] = [topic]
        names[Int(Dimension.category.code)] = [category]
    }
}
