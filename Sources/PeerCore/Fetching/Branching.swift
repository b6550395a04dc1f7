import Content
import Wire

/// A peer's place in its crowd's forest: when it is taken and left, and what is fetched there.
extension Plan {
    /// A forest is worth it while passing a piece on from the first to the last takes little of the time of the file.
    private static let piecesPerPlace = 16
    /// For the first byte, and for every further one: at first, and for each that is before this peer. On a machine that
    /// has too much to do everybody gets little for a while, and without a forest it would have more.
    private static let patience = (least: Span.seconds(1), place: Span.milliseconds(50))
    /// Pieces by which a peer may fall back: of the file behind the one before it, and of a stripe with that one behind
    /// others, at first and for each place between.
    private static let leadMax = 64
    private static let deficitMax = (least: 16, place: 8)
    /// How far the first of a tree may be ahead of what comes by another: in pieces, and in what the holder brings.
    private static let unevenMax = (pieces: 32, seconds: 0.5)

    func isTimeToTakePlace(now: Moment) -> Bool {
        branches.isDue(crowd.version, now) || crowd.isAnyAside && branches.asideUntil <= now
    }

    /// Takes a place in the forest, or leaves it.
    mutating func takePlace(now: Moment) {
        if branches.asideUntil <= now { crowd.takeBack() }
        guard branches.isDue(crowd.version, now) else { return }
        branches.looked(crowd.version, now)
        guard isForest, !branches.isResting(now) else { return branches.take([], now: now) }
        branches.take(crowd.forest.stripes.map { branch(of: $0) }, now: now)
        if branches.isOutdone || branches.all.contains(where: { isPoor($0, now: now) }) { branches.leave(now: now) }
    }

    private func branch(of stripe: Stripe) -> Branches.Branch {
        let parent = crowd.parent(in: stripe)
        let lane = lanes.first { parent == nil ? $0.value.isOrigin : $0.value.peer == parent }?.key
        return .init(
            stripe: stripe, place: crowd.forest.places[stripe.number], parent: parent, lane: lane,
            standing: standing(behind: lane, stripe))
    }

    private func standing(behind connection: ConnectionID?, _ stripe: Stripe) -> Branches.Standing {
        let has = connection.flatMap { lanes[$0] }.map { count(of: $0.holding, stripe) } ?? 0
        let own = stored.count(of: stripe)
        let most = lanes.values.filter { !$0.isOrigin }.map { count(of: $0.holding, stripe) }.max() ?? 0
        return .init(has: has, lead: has - own, deficit: most - max(has, own))
    }

    /// Others fetch the file from one that has it.
    private var isForest: Bool {
        !isInOrder && !crowd.isAlone && layout.pieceCount >= Plan.piecesPerPlace * (crowd.forest.height + 1)
            && lanes.values.count { $0.isOrigin } <= 1
    }

    /// Whether little comes from the one before this peer, or others that get ahead of it show that more could.
    private func isPoor(_ branch: Branches.Branch, now: Moment) -> Bool {
        let lane = branch.lane.flatMap { lanes[$0] }
        // For a buffer of our own it is not to blame, nor when there is nothing left for it to bring.
        guard branch.parent != nil, lane?.awaitsBuffer != true, lacks(branch.stripe) else { return false }
        let since = max(branch.since, branches.excusedUntil)
        let last = lane.map { $0.hasBrought ? max(since, $0.lastByte) : since } ?? since
        let (least, place) = Plan.patience
        let patience = Span(nanoseconds: least.nanoseconds + place.nanoseconds * UInt64(branch.place.depth))
        let deficitMax = Plan.deficitMax.least + Plan.deficitMax.place * branch.place.depth
        return now - last > patience
            || branch.standing.lead > max(0, branch.began.lead) + Plan.leadMax / branch.stripe.count
            || branch.standing.deficit > max(0, branch.began.deficit) + deficitMax
    }

    private func lacks(_ stripe: Stripe) -> Bool { stored.count(of: stripe) < count(of: .all, stripe) }

    private func count(of holding: Holding, _ stripe: Stripe) -> Int {
        switch holding {
        case .all, .tree: stripe.size(among: layout.pieceCount)
        case .pieces(let pieces): pieces.count(of: stripe)
        }
    }

    // MARK: What is fetched

    /// What a lane brings of the stripes that come from it: what it has before what it will have, each in the file's order.
    mutating func nextInForest(from lane: Lane, _ mayWait: Bool, now: Moment) -> Int? {
        var (there, ahead): (Int?, Int?)
        for branch in branches.all where branch.parent == nil || branch.parent == lane.peer {
            if branch.parent == nil {
                there = least(there, nextAsFirst(of: branch.stripe, from: lane, now: now))
            } else {
                there = least(there, lane.holding.next(in: free, of: branch.stripe))
                if mayWait { ahead = least(ahead, nextAhead(of: branch, from: lane)) }
            }
        }
        return there ?? ahead ?? nextToProbe(from: lane, now: now)
    }

    private func least(_ one: Int?, _ other: Int?) -> Int? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    private func nextAhead(of branch: Branches.Branch, from lane: Lane) -> Int? {
        // Whoever has had some all along may fetch nothing, and answer that it has no more.
        guard case .pieces(let pieces) = lane.holding,
            branch.began.has == 0 || pieces.count(of: branch.stripe) > branch.began.has
        else { return nil }
        return free.next(from: 0, of: branch.stripe)
    }

    /// The first of a tree takes what none of the others has from the holder, and the rest from the others.
    private func nextAsFirst(of stripe: Stripe, from lane: Lane, now: Moment) -> Int? {
        guard lane.holding.isComplete else { return lane.holding.next(in: free, of: stripe) }
        guard isEven(stripe, lane) else { return nil }
        if let piece = crowd.firstUnheld(in: free, of: stripe) { return piece }
        return isPatient(with: lane, now: now) ? nil : free.next(from: 0, of: stripe)
    }

    /// No tree passes on much more than its share of the time: what is far ahead of the other has to wait for it in the end.
    private func isEven(_ stripe: Stripe, _ lane: Lane) -> Bool {
        let asked = count(of: .all, stripe) - free.count(of: stripe)
        let ahead = max(Plan.unevenMax.pieces, Int(lane.rate * Plan.unevenMax.seconds) / layout.pieceSize)
        return branches.all.allSatisfy { other in
            other.stripe == stripe || asked - stored.count(of: other.stripe) < ahead || !lacks(other.stripe)
        }
    }

    /// The last piece that no other fetcher has, when it is time to see how fast the holder is.
    private mutating func nextToProbe(from lane: Lane, now: Moment) -> Int? {
        guard lane.isOrigin, !lane.isOwing,
            let branch = branches.all.first(where: { $0.parent != nil && branches.isTimeToProbe($0.place, now: now) })
        else { return nil }
        let piece = crowd.lastUnheld(in: free, of: branch.stripe)
        branches.probes(piece, now: now)
        return piece
    }
}

extension Holding {
    /// The first piece of a set and a stripe that it has.
    fileprivate func next(in set: PieceSet, of stripe: Stripe) -> Int? {
        switch self {
        case .all, .tree: set.next(from: 0, of: stripe)
        case .pieces(let pieces): set.next(from: 0, in: pieces, of: stripe)
        }
    }
}
