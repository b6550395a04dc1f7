import Content

/// All that fetch a file, in the order of their ids, as one of them sees it.
struct Line: Equatable {
    /// How many are before it.
    private(set) var place = 0
    /// The next to it on either side.
    private(set) var before: PeerID?
    private(set) var after: PeerID?

    init(of id: PeerID, among others: some Sequence<PeerID>) {
        for other in others {
            if Line.isBefore(other, id) {
                place += 1
                if before.map({ Line.isBefore($0, other) }) ?? true { before = other }
            } else if after.map({ Line.isBefore(other, $0) }) ?? true {
                after = other
            }
        }
    }

    private static func isBefore(_ one: PeerID, _ other: PeerID) -> Bool {
        (one.high, one.low) < (other.high, other.low)
    }
}
