import Content
import Wire

/// Which free piece a lane is asked for next.
///
/// - All holders are complete and nobody else fetches: each has a share of the file, by the original's formula, which it
///   reads in order. One that has used up its share takes what is in nobody's, then the upper half of the largest left.
/// - A crowd in a forest (Branching.swift): of each stripe the first asks the complete holder, everybody else the one before
///   it, for the first that is free.
/// - Otherwise: of what the holder has, the piece that the fewest other fetchers have, ties drawn. A complete holder is
///   asked only for the pieces that are this peer's part of the crowd's work and that no other fetcher has yet, in an
///   order of its own; when these have come, for pieces from the other end of the part that is furthest behind, each of
///   which is one fetcher's to take over.
/// - Somebody reads the file while it comes: the first that is free.
/// - Nothing is free: a piece that a slower lane is far from delivering is asked for a second time, and whichever comes
///   first counts.
extension Plan {
    /// Candidates looked at before one is taken: enough to find a rare one, few enough for every request.
    private static let candidatesMax = 256
    /// A complete holder that has sent nothing for this long, and for as long as a piece takes from it, is asked for
    /// whatever others are late with, even if little of their part is left.
    private static let idleness = Span.milliseconds(250)
    private static let idlePieces = 1.0
    /// When nothing is heard of the others for this long, and for as long as some pieces take from the holder that they
    /// share with us, their parts are anybody's.
    private static let patience = Span.milliseconds(500)
    private static let patientPieces = 2.0
    /// Between two looks of a lane for a piece that is late.
    private static let doublingPause = Span.milliseconds(250)
    /// Before the end, only a piece that is this far from coming is asked for twice.
    private static let lateSeconds = 4.0
    /// Nor is it in a crowd when it comes so soon: the holder sends it to one of the others meanwhile.
    private static let soonSeconds = 0.3

    // MARK: Shares

    mutating func nextOfShare(for connection: ConnectionID, atMost wanted: Int) -> Range<Int> {
        guard var share = lanes[connection]?.share else { return 0..<0 }
        if free.count(in: share) == 0 { share = takeShare(for: connection) }
        guard let first = free.next(from: share.lowerBound), share.contains(first) else {
            lanes[connection]?.share = 0..<0
            return 0..<0
        }
        var end = first + 1
        while end < share.upperBound, end - first < wanted, free.contains(end) { end += 1 }
        lanes[connection]?.share = end..<share.upperBound
        return first..<end
    }

    private mutating func takeShare(for connection: ConnectionID) -> Range<Int> {
        let others = lanes.filter { $0.key != connection }
        var orphans = free
        for lane in others.values { orphans.remove(lane.share) }
        if let first = orphans.next(from: 0) {
            var end = first + 1
            while orphans.contains(end) { end += 1 }
            return first..<end
        }
        // A lane with nothing in flight has not had its turn: before it has, the first one asked would take everything.
        let victims = others.filter { $0.value.isOwing }.map { (key: $0.key, share: $0.value.share) }
        guard let (victim, share) = victims.max(by: { free.count(in: $0.share) < free.count(in: $1.share) }),
            free.count(in: share) > 0
        else { return 0..<0 }
        let middle = share.lowerBound + share.count / 2
        lanes[victim]?.share = share.lowerBound..<middle
        return middle..<share.upperBound
    }

    // MARK: The crowd

    mutating func nextOfCrowd(for connection: ConnectionID, mayWait: Bool, now: Moment) -> Range<Int> {
        guard let lane = lanes[connection], let piece = pick(for: lane, mayWait, now: now) else { return 0..<0 }
        return piece..<piece + 1
    }

    private mutating func pick(for lane: Lane, _ mayWait: Bool, now: Moment) -> Int? {
        if isInOrder { return first(of: lane.holding) }
        guard branches.isLoose else { return nextInForest(from: lane, mayWait, now: now) }
        switch lane.holding {
        case .pieces(let pieces): return rarest(in: pieces)
        case .all, .tree:
            if let own = crowd.firstOwn(in: free) { return own }
            let soon = lane.bytesAhead / layout.pieceSize
            if let late = crowd.lastLate(in: free, isAnyLate: isIdle(lane, now: now), soon: soon) { return late }
            // The others bring their parts, and the holder has better to do; unless nothing comes of it.
            return isPatient(with: lane, now: now) ? nil : rarest(in: free)
        }
    }

    /// Whether a complete holder has had time to send others what they asked it for, and may have nothing to do. Links
    /// are shared unevenly: without help all wait at the end for the one whose part came slowest.
    private func isIdle(_ lane: Lane, now: Moment) -> Bool {
        guard !lane.isOwing else { return false }
        return (now - lane.lastByte).seconds >= max(Plan.idleness.seconds, seconds(for: Plan.idlePieces, from: lane))
    }

    /// How long pieces take from a holder; 0 before its rate is known.
    private func seconds(for pieces: Double, from lane: Lane) -> Double {
        lane.rate > 0 ? pieces * Double(layout.pieceSize) / lane.rate : 0
    }

    /// Whether a complete holder that has nothing more of our part to send is left to the others. They bring nothing
    /// before it has sent them a whole piece, and it sends to all of us alike. What is another's part is asked for piece
    /// by piece: each may be one that comes from the other after all.
    func isPatient(with lane: Lane, now: Moment) -> Bool {
        guard isSwarming else { return false }
        guard lane.inFlight.isEmpty else { return true }
        let fewPieces = seconds(for: Plan.patientPieces, from: lane)
        return (now - crowdStirred).seconds < max(Plan.patience.seconds, fewPieces)
    }

    func first(of holding: Holding) -> Int? {
        switch holding {
        case .all, .tree: free.next(from: 0)
        case .pieces(let pieces): free.next(from: 0, in: pieces)
        }
    }

    /// Of the free pieces in a set, one that the fewest fetchers have, looked for from a place that is drawn.
    private mutating func rarest(in pieces: PieceSet) -> Int? {
        guard layout.pieceCount > 0 else { return nil }
        let start = dice.roll(below: layout.pieceCount)
        var best: (piece: Int, count: Int)?
        var (ties, candidates) = (0, 0)
        for range in [start..<layout.pieceCount, 0..<start] {
            var position = range.lowerBound
            while candidates < Plan.candidatesMax, let piece = free.next(from: position, in: pieces),
                range.contains(piece)
            {
                position = piece + 1
                candidates += 1
                let count = crowd.count(of: piece)
                if let current = best, current.count < count { continue }
                ties = best?.count == count ? ties + 1 : 1
                if dice.roll(below: ties) == 0 { best = (piece, count) }
            }
        }
        return best?.piece
    }

    // MARK: The end

    /// Whether to look for a piece to be asked for twice. In a crowd with pieces left none is late enough for a second
    /// long, and lanes that have nothing to bring are asked all the time.
    mutating func isTimeToDouble(_ lane: Lane, _ connection: ConnectionID, _ now: Moment) -> Bool {
        guard isSwarming, !free.isEmpty else { return true }
        guard lane.doublingAt <= now else { return false }
        lanes[connection]?.doublingAt = now + Plan.doublingPause
        return true
    }

    /// The piece that will come last of all that are in flight once, if its lane is slower than the one that asks.
    func pieceToDouble(for connection: ConnectionID, now: Moment) -> Int? {
        guard let asking = lanes[connection] else { return nil }
        var latest: (piece: Int, seconds: Double)?
        for (other, lane) in lanes where other != connection && isWorthDoubling(lane, by: asking, now: now) {
            let seconds = lane.secondsLeft(pieceSize: layout.pieceSize, now: now)
            let candidates = (lane.receiving.map { [$0] } ?? []) + lane.inFlight
            let piece = candidates.last {
                !doubled.contains($0) && !stored.contains($0) && asking.holding.contains($0)
            }
            if let piece, latest.map({ seconds > $0.seconds }) ?? true { latest = (piece, seconds) }
        }
        return latest?.piece
    }

    /// While there are free pieces that come from others, an idle lane is no reason to ask for anything twice, unless a
    /// lane has come to next to nothing.
    private func isWorthDoubling(_ lane: Lane, by asking: Lane, now: Moment) -> Bool {
        let pace = lane.pace(now)
        let isSlower = asking.rate == 0 || pace < asking.rate
        guard isSwarming else { return isSlower }
        // One that has brought nothing yet is taken to need as long again as it has taken.
        let seconds =
            lane.rate > 0 ? lane.secondsLeft(pieceSize: layout.pieceSize, now: now) : (now - lane.lastByte).seconds
        let soon = max(Plan.soonSeconds, 2 * Double(layout.pieceSize) / max(asking.rate, 1_048_576))
        if free.isEmpty { return isSlower && seconds > soon }
        return seconds > Plan.lateSeconds && pace * 4 < asking.rate
    }
}
