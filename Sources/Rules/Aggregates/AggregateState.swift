/// What an aggregate has become for one group and bucket. All merge in any order.
package enum AggregateState: Hashable, Sendable {
    case sum(NumberSum)
    case min(NumberExtreme)
    case max(NumberExtreme)
    case distinct(DistinctSketch)
    case latest(LatestEntry)
    case quantiles(QuantileSketch)

    /// How an aggregate's bytes are to be read.
    package enum Shape: Hashable, Sendable {
        case sum, min, max, distinct, quantiles
        case latest(fields: Int)

        package init(_ kind: Rule.Aggregate.Kind) {
            switch kind {
            case .sum: self = .sum
            case .min: self = .min
            case .max: self = .max
            case .distinct: self = .distinct
            case .latest(let fields): self = .latest(fields: fields.count)
            case .quantiles: self = .quantiles
            }
        }

        /// Of no message.
        package var nothing: AggregateState {
            switch self {
            case .sum: .sum(NumberSum())
            case .min: .min(NumberExtreme())
            case .max: .max(NumberExtreme())
            case .distinct: .distinct(DistinctSketch())
            case .latest: .latest(LatestEntry())
            case .quantiles: .quantiles(QuantileSketch())
            }
        }
    }

    mutating func add(_ number: DecimalNumber) {
        switch self {
        case .sum(var state):
            state.add(number)
            self = .sum(state)
        case .min(var state):
            state.add(number, largest: false)
            self = .min(state)
        case .max(var state):
            state.add(number, largest: true)
            self = .max(state)
        case .quantiles(var state):
            // Else its memory would have two owners, and be copied.
            self = .quantiles(QuantileSketch())
            state.add(number)
            self = .quantiles(state)
        case .distinct, .latest: break
        }
    }

    /// Of what it has besides the value itself.
    var memoryBytes: Int {
        switch self {
        case .sum, .min, .max: 0
        case .distinct(let state): state.memoryBytes
        case .latest(let state): state.memoryBytes
        case .quantiles(let state): state.memoryBytes
        }
    }

    mutating func add(hash: UInt64) {
        guard case .distinct(var state) = self else { return }
        self = .distinct(DistinctSketch())
        state.add(hash)
        self = .distinct(state)
    }

    package mutating func merge(_ other: AggregateState) {
        switch (self, other) {
        case (.sum(var state), .sum(let other)):
            state.merge(other)
            self = .sum(state)
        case (.min(var state), .min(let other)):
            state.merge(other, largest: false)
            self = .min(state)
        case (.max(var state), .max(let other)):
            state.merge(other, largest: true)
            self = .max(state)
        case (.distinct(var state), .distinct(let other)):
            self = .distinct(DistinctSketch())
            state.merge(other)
            self = .distinct(state)
        case (.latest(var state), .latest(let other)):
            state.merge(other)
            self = .latest(state)
        case (.quantiles(var state), .quantiles(let other)):
            self = .quantiles(QuantileSketch())
            state.merge(other)
            self = .quantiles(state)
        default: preconditionFailure("states of one aggregate have one shape")
        }
    }

    func encode(to bytes: inout [UInt8]) {
        switch self {
        case .sum(let state): state.encode(to: &bytes)
        case .min(let state), .max(let state): state.encode(to: &bytes)
        case .distinct(let state): state.encode(to: &bytes)
        case .latest(let state): state.encode(to: &bytes)
        case .quantiles(let state): state.encode(to: &bytes)
        }
    }

    init(_ shape: Shape, _ reader: inout PackedReader) throws(PackedDamage) {
        switch shape {
        case .sum: self = .sum(unsafe try NumberSum(&reader))
        case .min: self = .min(unsafe try NumberExtreme(&reader))
        case .max: self = .max(unsafe try NumberExtreme(&reader))
        case .distinct: self = .distinct(unsafe try DistinctSketch(&reader))
        case .latest(let fields): self = .latest(unsafe try LatestEntry(&reader, fields: fields))
        case .quantiles: self = .quantiles(unsafe try QuantileSketch(&reader))
        }
    }
}

/// All that a rule keeps of one group and bucket.
package struct GroupState: Hashable, Sendable {
    /// The number of messages.
    package var count: UInt64
    /// In the order of the rule's aggregates.
    package var parts: [AggregateState]

    package init(count: UInt64, parts: [AggregateState]) {
        self.count = count
        self.parts = parts
    }

    package mutating func merge(_ other: GroupState) {
        count += other.count
        for place in parts.indices { parts[place].merge(other.parts[place]) }
    }

    /// About what it takes in memory, and a little more.
    var memoryBytes: Int { parts.reduce(64) { $0 + 64 + $1.memoryBytes } }

    func encode(to bytes: inout [UInt8]) {
        bytes.append(packed: count)
        for part in parts { part.encode(to: &bytes) }
    }

    init(
        _ shapes: [AggregateState.Shape], _ reader: inout PackedReader
    ) throws(PackedDamage) {
        count = unsafe try reader.number()
        parts = []
        for shape in shapes { parts.append(unsafe try AggregateState(shape, &reader)) }
    }
}
