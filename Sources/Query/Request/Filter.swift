import Model

/// Which messages a question is about.
///
/// A message matches if, for every clause of `any`, its set of names in that dimension meets the
/// clause's patterns, and, for every clause of `none`, it does not.
public struct Filter: Hashable, Sendable {
    /// Patterns of one dimension.
    public struct Clause: Hashable, Sendable {
        public var dimension: Dimension
        /// At least one, distinct, in the order given.
        public var patterns: [NamePattern]

        public init(_ dimension: Dimension, _ patterns: [NamePattern]) {
            self.dimension = dimension
            self.patterns = patterns
        }
    }

    /// One clause per dimension: or inside a clause, and between clauses.
    public var any: [Clause]
    /// One clause per dimension: a message with any of these names is left out.
    public var none: [Clause]

    public init(any: [Clause] = [], none: [Clause] = []) {
        self.any = any
        self.none = none
    }

    /// Whether every message matches.
    public var isEmpty: Bool { any.isEmpty && none.isEmpty }

    mutating func add(_ pattern: NamePattern, of dimension: Dimension, negated: Bool) {
        if negated {
            Filter.add(pattern, of: dimension, to: &none)
        } else {
            Filter.add(pattern, of: dimension, to: &any)
        }
    }

    private static func add(
        _ pattern: NamePattern, of dimension: Dimension, to clauses: inout [Clause]
    ) {
        guard let place = clauses.firstIndex(where: { $0.dimension == dimension }) else {
            clauses.append(Clause(dimension, [pattern]))
            return
        }
        clauses[place].patterns.append(pattern)
    }

    /// Drops repeated patterns. Done once at the end, so that a long list costs no square.
    mutating func dropRepeats() {
        for place in any.indices { any[place].dropRepeats() }
        for place in none.indices { none[place].dropRepeats() }
    }
}

extension Filter.Clause {
    fileprivate mutating func dropRepeats() {
        guard patterns.count > 1 else { return }
        var seen: Set<NamePattern> = []
        patterns.removeAll { !seen.insert($0).inserted }
    }
}

/// A name, or the beginning of names.
public enum NamePattern: Hashable, Sendable {
    /// Exactly these bytes.
    case name([UInt8])
    /// Topics that begin with these bytes, of which the last is a dot: `org.example.*`.
    case prefix([UInt8])

    /// What `bytes` stand for: a topic that ends in `.*` is a prefix up to and including that dot,
    /// anything else is the name itself.
    public init(_ bytes: [UInt8], of dimension: Dimension) {
        if dimension == .topic, bytes.count >= 2, bytes.suffix(2).elementsEqual(".*".utf8) {
            self = .prefix(Array(bytes.dropLast()))
        } else {
            self = .name(bytes)
        }
    }

    /// Whether `name` is meant.
    public func matches(_ name: some Collection<UInt8>) -> Bool {
        switch self {
        case .name(let bytes): name.elementsEqual(bytes)
        case .prefix(let bytes): name.starts(with: bytes)
        }
    }
}
