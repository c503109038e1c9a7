import Model

/// The local name dictionary of a segment: per dimension, ids 1, 2, 3 ... in order of first
/// appearance in the log.
package struct SegmentNames: Sendable {
    private let columns: SegmentColumns

    init(_ columns: SegmentColumns) { self.columns = columns }

    /// Those dimensions that have names, topic first.
    package var dimensions: [Dimension] {
        switch columns.backing {
        case .active(let view): view.names.map(\.dimension)
        case .sealed(let file): file.dimensions.map(\.dimension)
        }
    }

    /// How many names `dimension` has; their ids are 1 to this.
    package func count(of dimension: Dimension) -> Int {
        switch columns.backing {
        case .active(let view): view.names(of: dimension)?.count ?? 0
        case .sealed(let file): file.dimension(dimension)?.nameCount ?? 0
        }
    }

    /// The bytes of a name.
    /// - Parameter id: 1 to `count(of: dimension)`.
    package func text(of dimension: Dimension, _ id: UInt32) -> [UInt8] {
        unsafe withText(of: dimension, id) { unsafe Array($0) }
    }

    /// Calls `body` with the bytes of a name, which are valid only meanwhile.
    /// - Parameter id: 1 to `count(of: dimension)`.
    package func withText<R>(
        of dimension: Dimension, _ id: UInt32, _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        switch columns.backing {
        case .active(let view):
            guard let names = view.names(of: dimension) else {
                preconditionFailure("name \(id) of a dimension without names")
            }
            return unsafe names.withText(id, body)
        case .sealed(let file):
            guard let names = file.dimension(dimension) else {
                preconditionFailure("name \(id) of a dimension without names")
            }
            return withExtendedLifetime(file) { unsafe names.withText(id, body) }
        }
    }

    /// Calls `body` with the bytes of the names from id `first` on, in the order of their ids; they
    /// are valid only meanwhile.
    /// - Returns: the damage for which they cannot be read, which is noted; `body` is not called.
    package func forEachText(
        of dimension: Dimension, from first: UInt32, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Damage? {
        switch columns.backing {
        case .active(let view):
            guard let names = view.names(of: dimension), first <= names.count else { return nil }
            for id in first...UInt32(names.count) { unsafe names.withText(id, body) }
            return nil
        case .sealed(let file):
            return withExtendedLifetime(file) {
                unsafe file.dimension(dimension)?.forEachText(from: first, body)
            }
        }
    }

    /// The id of a name, nil if no row of the segment has it.
    package func find(_ dimension: Dimension, _ text: UnsafeRawBufferPointer) -> UInt32? {
        switch columns.backing {
        case .active(let view): unsafe view.names(of: dimension)?.find(text)
        case .sealed(let file):
            withExtendedLifetime(file) { unsafe file.dimension(dimension)?.find(text) }
        }
    }

    /// The id of a name, nil if no row of the segment has it.
    package func find(_ dimension: Dimension, _ text: [UInt8]) -> UInt32? {
        unsafe text.withUnsafeBytes { unsafe find(dimension, $0) }
    }
}
