/// Sorts 64-bit keys by some of their bits: least significant digit first, stable.
enum RadixSort {
    /// Sorts the first `count` of `keys` by bits `low..<high`; the others must not matter.
    /// - Parameter spare: working memory.
    static func sort(
        _ keys: inout Scratch<UInt64>, spare: inout Scratch<UInt64>, low: Int, high: Int
    ) {
        let count = keys.count
        guard count > 1, high > low else { return }
        if count < 48 {
            unsafe insertionSort(keys.start, count)
            return
        }
        let digitBits = count < 4_096 ? 8 : 11
        spare.reserve(count)
        let buckets = 1 << digitBits
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: buckets) { places in
            var shift = low
            while shift < high {
                // The last digit may reach into bits above `high`; they are all alike or zero.
                if unsafe scatter(
                    keys.start, spare.start, count, shift: UInt64(shift),
                    bits: min(digitBits, high - shift), places)
                {
                    spare.count = count
                    keys.swap(with: &spare)
                }
                shift += digitBits
            }
        }
        keys.count = count
    }

    /// One pass; false where all keys share the digit and nothing moved.
    private static func scatter(
        _ source: UnsafeMutablePointer<UInt64>, _ target: UnsafeMutablePointer<UInt64>,
        _ count: Int, shift: UInt64, bits: Int, _ places: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        let buckets = 1 << bits
        let mask = UInt64(buckets - 1)
        let place = unsafe places.baseAddress.unsafelyUnwrapped
        unsafe place.update(repeating: 0, count: buckets)
        for index in 0..<count {
            unsafe place[Int((source[index] &>> shift) & mask)] &+= 1
        }
        if unsafe Int(place[Int((source[0] &>> shift) & mask)]) == count { return false }
        var sum: UInt32 = 0
        for bucket in 0..<buckets {
            let here = unsafe place[bucket]
            unsafe place[bucket] = sum
            sum &+= here
        }
        for index in 0..<count {
            let key = unsafe source[index]
            let digit = Int((key &>> shift) & mask)
            unsafe target[Int(place[digit])] = key
            unsafe place[digit] &+= 1
        }
        return true
    }

    private static func insertionSort(_ keys: UnsafeMutablePointer<UInt64>, _ count: Int) {
        for index in 1..<count {
            let key = unsafe keys[index]
            var place = index
            while unsafe place > 0 && keys[place - 1] > key {
                unsafe keys[place] = keys[place - 1]
                place -= 1
            }
            unsafe keys[place] = key
        }
    }
}
