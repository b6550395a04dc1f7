/// Durations counted in powers of two of a microsecond: 32 counters, no allocation.
public struct TickHistogram: Sendable {
    /// `counts[i]` durations were below 2^i microseconds (and not below 2^(i-1)).
    public private(set) var counts = [UInt64](repeating: 0, count: 32)

    public init() {}

    public mutating func record(nanoseconds: UInt64) {
        let microseconds = nanoseconds / 1000
        counts[min(counts.count - 1, UInt64.bitWidth - microseconds.leadingZeroBitCount)] += 1
    }

    /// An upper bound for the given share of all durations, in microseconds; 0 before the first.
    public func quantile(_ share: Double) -> UInt64 {
        let total = counts.reduce(0, +)
        guard total > 0 else { return 0 }
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if Double(seen) >= share * Double(total) { return 1 << UInt64(index) }
        }
        return 1 << UInt64(counts.count)
    }
}
