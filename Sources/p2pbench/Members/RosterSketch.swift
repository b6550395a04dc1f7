/// A set of peer ids by its size and the sum of its words: ten thousand rosters of ten thousand entries would not fit into
/// memory, and two sets of random ids that agree in both are the same set for all practical purposes.
struct RosterSketch: Equatable {
    private var count = 0
    private var sum: UInt64 = 0

    mutating func add(high: UInt64, low: UInt64) {
        count += 1
        sum &+= high ^ low
    }

    mutating func remove(high: UInt64, low: UInt64) {
        count -= 1
        sum &-= high ^ low
    }
}
