import Content

/// All that fetch a file, as trees by which its pieces are passed on: one for each stripe, as one of them sees them.
///
/// With two stripes, everybody is inside one tree, with two others behind it there at most, and at the edge of the other:
/// so nobody sends more than it gets, and a piece passes few on its way to the last (SplitStream: Castro and others,
/// 2003). The order is that of the ids, so nothing has to be agreed on. With one stripe it is a line.
struct Forest: Equatable {
    /// A peer's place in one of the trees.
    struct Place: Equatable {
        /// In the order of the tree; the first is 0.
        var index = 0
        /// Those on the way from the one before it to the first.
        var ancestors: [PeerID] = []
        /// Who it is behind when none of these is there: one next to the first takes the first's place, the other does not.
        var substitute: PeerID?

        var depth: Int { ancestors.count }
    }

    let stripes: [Stripe]
    /// By the number of the stripe.
    let places: [Place]
    /// How many are before the last of all.
    let height: Int
    /// Those behind this peer, and what they get from it.
    let children: [PeerID]
    let passedOn: Stripe

    /// - Parameter others: all but `id`.
    init(of id: PeerID, among others: some Sequence<PeerID>, stripes count: Int) {
        let members = ([id] + others).sorted { ($0.high, $0.low) < ($1.high, $1.low) }
        stripes = (0..<count).map { Stripe($0, of: count) }
        let orders = stripes.map { Forest.order(members, $0) }
        places = orders.map { Forest.place(of: id, in: $0, width: count) }
        var (last, height) = (members.count - 1, 0)
        while last > 0 { (last, height) = ((last - 1) / count, height + 1) }
        self.height = height
        // Those inside a tree are the first half of it.
        let (order, place, stripe) =
            zip(zip(orders, places), stripes).map { ($0.0, $0.1, $1) }.min { $0.1.index < $1.1.index }
            ?? (members, Place(), .whole)
        let first = place.index * count + 1
        children = first < order.count ? Array(order[first..<min(order.count, first + count)]) : []
        passedOn = stripe
    }

    private static func place(of id: PeerID, in order: [PeerID], width: Int) -> Place {
        var index = order.firstIndex(of: id) ?? 0
        var place = Place(index: index)
        while index > 0 {
            if index > 1, index <= width { place.substitute = order[1] }
            index = (index - 1) / width
            place.ancestors.append(order[index])
        }
        return place
    }

    /// Every so manyth first.
    private static func order(_ members: [PeerID], _ stripe: Stripe) -> [PeerID] {
        (0..<stripe.count).flatMap { turn in
            stride(from: (stripe.number + turn) % stripe.count, to: members.count, by: stripe.count).map { members[$0] }
        }
    }
}
