import Model

/// The values of a rule's keys, as one run of bytes: each with its length, two bytes, before it.
package enum GroupKey {
    static func append(_ value: some Collection<UInt8>, to key: inout [UInt8]) {
        key.append(integer: UInt16(value.count))
        key.append(contentsOf: value)
    }

    /// The values of a key; nil where the bytes are none.
    package static func values(_ key: some Collection<UInt8>) -> [[UInt8]]? {
        var values: [[UInt8]] = []
        var rest = Array(key)[...]
        while !rest.isEmpty {
            guard rest.count >= 2 else { return nil }
            let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
            rest = rest.dropFirst(2)
            guard rest.count >= length else { return nil }
            values.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return values
    }
}
