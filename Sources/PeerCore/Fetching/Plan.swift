import Content
import Wire

/// Which piece comes from whom.
///
/// Every piece is in exactly one of these places: stored; being checked; in flight on one lane, or on two at the very
/// end; or free. Which free piece a lane is asked for next is `Choice`'s to say (Choice.swift).
struct Plan {
    let layout: PieceLayout
    /// Pieces are wanted from the first to the last: somebody reads the file while it comes.
    var isInOrder = false
    private(set) var stored: PieceSet
    var lanes: [ConnectionID: Lane] = [:]
    /// Pieces that nobody has been asked for.
    private(set) var free: PieceSet
    var crowd: Crowd
    var branches = Branches()
    var dice: Dice
    /// Copies of a piece that are with a worker: two when both lanes of a doubled piece came through.
    private var checking: [Int: Int] = [:]
    /// Of these, copies that may have been written before a sync that failed, and so may be lost, whatever is said of them.
    private var doubted: [Int: Int] = [:]
    /// Pieces in flight on a second lane.
    private(set) var doubled: Set<Int> = []
    /// When the others that fetch the file last brought a piece, or were heard to have one more.
    private(set) var crowdStirred: Moment

    /// - Parameters:
    ///   - id: this peer's, which decides its part of what a crowd fetches.
    ///   - stored: what an earlier run left.
    ///   - seed: of the draws between pieces that are equally good.
    init(
        layout: PieceLayout, id: PeerID, stored: PieceSet? = nil, seed: UInt64 = 0, now: Moment = .init(nanoseconds: 0)
    ) {
        self.layout = layout
        self.stored = stored ?? PieceSet(pieceCount: layout.pieceCount)
        free = self.stored.complement
        crowd = Crowd(id: id, pieceCount: layout.pieceCount)
        dice = Dice(seed: seed)
        crowdStirred = now
    }

    /// Nothing more will be written: every piece is stored, and no second copy of one is with a worker.
    var isComplete: Bool { stored.isComplete && isQuiet }

    /// Nothing is with a worker.
    var isQuiet: Bool { checking.isEmpty }

    /// Bytes verified and written.
    var have: UInt64 { layout.bytes(of: stored) }

    /// Bytes from the beginning of the file without a gap.
    var prefix: UInt64 {
        stored.isComplete ? layout.length : layout.offset(of: stored.complement.next(from: 0) ?? 0)
    }

    /// Whether some of these pieces are not stored.
    func lacks(someOf pieces: PieceSet) -> Bool {
        var new = pieces
        new.subtract(stored)
        return !new.isEmpty
    }

    /// Others fetch the file too, or are asked for what they have of it.
    var isSwarming: Bool { !crowd.isEmpty || lanes.values.contains { !$0.holding.isComplete } }

    // MARK: Lanes

    /// Divides everything among the holders known at the start, by the original's formula.
    mutating func divide(among connections: [ConnectionID], now: Moment) {
        crowdStirred = now
        branches = Branches()
        for (position, connection) in connections.enumerated() {
            add(connection, now: now)
            lanes[connection]?.share = layout.share(position, of: connections.count)
        }
    }

    /// A holder that comes later begins with nothing and takes.
    mutating func add(_ connection: ConnectionID, of peer: PeerID? = nil, holding: Holding = .all, now: Moment) {
        guard lanes[connection] == nil else { return }
        lanes[connection] = Lane(of: peer, holding: holding, now: now)
        if case .pieces(let pieces) = holding { crowd.gained(pieces.runs.joined()) }
    }

    /// Whether a complete holder that has been asked for these pieces should rather send others: this peer is behind
    /// others in the forest, or all are other fetchers' parts.
    func isForeign(_ pieces: Range<Int>) -> Bool {
        guard branches.isLoose else { return !pieces.contains { branches.isFirst(for: $0) } }
        return !isInOrder && !pieces.contains { crowd.owns($0) }
    }

    /// A holder has more than it had.
    mutating func gained(_ runs: [Range<Int>], on connection: ConnectionID, now: Moment) {
        guard case .pieces(var pieces) = lanes[connection]?.holding else { return }
        // Taken out first, so that the set is not copied.
        lanes[connection]?.holding = .all
        let fresh = runs.joined().filter { pieces.insert($0) }
        if !fresh.isEmpty { crowdStirred = now }
        crowd.gained(fresh)
        guard pieces.isComplete else {
            lanes[connection]?.holding = .pieces(pieces)
            return
        }
        crowd.lost(0..<layout.pieceCount)
    }

    /// Gives a holder's pieces to the others.
    mutating func remove(_ connection: ConnectionID) {
        guard let lane = lanes.removeValue(forKey: connection) else { return }
        if case .pieces(let pieces) = lane.holding { crowd.lost(pieces.runs.joined()) }
        for piece in lane.inFlight { release(piece) }
        if let piece = lane.receiving { release(piece) }
    }

    /// The holder has too much to do. Its share is anybody's meanwhile.
    mutating func postpone(_ connection: ConnectionID, until moment: Moment) {
        lanes[connection]?.resumesAt = moment
        lanes[connection]?.share = 0..<0
    }

    // MARK: Asking

    /// Lanes that may have to be asked for something, in a fixed order. In the forest those are where stripes come from, and
    /// all others now and then.
    mutating func lanesToAsk(_ now: Moment) -> [ConnectionID] {
        if !branches.sources.isEmpty, !free.isEmpty, !branches.isTimeForOthers(now) { return branches.sources }
        branches.asksOthers(now)
        return lanes.keys.sorted { $0.rawValue < $1.rawValue }
    }

    /// - Parameters:
    ///   - isFilling: it has just been asked for something.
    ///   - mayWait: the lane may be asked for what its holder will have.
    /// - Returns: the run of pieces to ask this lane for next, or nil when it has enough in flight or nothing is left.
    mutating func nextChunk(
        for connection: ConnectionID, isFilling: Bool = false, mayWait: Bool = true, now: Moment
    ) -> Range<Int>? {
        guard let lane = lanes[connection], lane.resumesAt <= now else { return nil }
        let ahead = lane.ahead(pieceSize: layout.pieceSize)
        let isDivided = !isInOrder && !isSwarming
        // A wide window is filled by halves: one request is answered while the next is on its way, and requests stay few.
        let isAlone = !isSwarming || branches.isBehind(lane.peer)
        let room = isAlone ? ahead - lane.inFlight.count : lane.crowdRoom(pieceSize: layout.pieceSize)
        let isByHalves = isDivided || isAlone && !isInOrder && !isFilling
        guard room >= (isByHalves && ahead > Lane.narrow ? ahead / 2 : 1) else { return nil }
        let wanted = min(room, max(1, ahead / 2))
        var chunk =
            isDivided
            ? nextOfShare(for: connection, atMost: wanted)
            : nextOfCrowd(for: connection, mayWait: mayWait, now: now)
        if chunk.isEmpty {
            guard !lane.isOwing, isTimeToDouble(lane, connection, now),
                let piece = pieceToDouble(for: connection, now: now)
            else { return nil }
            doubled.insert(piece)
            chunk = piece..<piece + 1
        }
        free.remove(chunk)
        lanes[connection]?.asked(chunk, now: now)
        return chunk
    }

    // MARK: Arriving

    enum Arrival: Equatable {
        case wanted
        /// It has come from another lane already.
        case late
    }

    /// A lane announces its next piece. One that is not in flight on it was asked before the lane was given up and taken
    /// up again, and belongs to somebody else by now.
    mutating func began(_ piece: Int, on connection: ConnectionID, now: Moment) -> Arrival {
        guard var lane = lanes[connection], lane.inFlight.contains(piece) else { return .late }
        lane.inFlight.removeAll { $0 == piece }
        lane.lastByte = now
        let isLate = stored.contains(piece) || checking[piece] != nil
        if !isLate {
            lane.receiving = piece
            lane.receivingLeft = layout.size(of: piece)
            lane.awaitsBuffer = true
            if lane.isOrigin { branches.began(piece, now: now) }
        }
        lanes[connection] = lane
        return isLate ? .late : .wanted
    }

    /// What was asked of the same connection before has come: now it owes these pieces.
    mutating func turned(to connection: ConnectionID, now: Moment) {
        lanes[connection]?.owes(since: now)
    }

    mutating func bufferGranted(_ connection: ConnectionID, now: Moment) {
        lanes[connection]?.bufferGranted(now)
    }

    /// - Returns: whether it is time to ask for more there.
    mutating func progressed(_ connection: ConnectionID, bytes: Int, now: Moment) -> Bool {
        lanes[connection]?.progressed(bytes, now: now) == true
    }

    /// The piece is whole and with a worker.
    mutating func received(on connection: ConnectionID, now: Moment) {
        guard let lane = lanes[connection], let piece = lane.receiving else { return }
        if !lane.holding.isComplete { crowdStirred = now }
        lanes[connection]?.receiving = nil
        checking[piece, default: 0] += 1
        if lane.isOrigin {
            branches.received(piece, bytes: layout.size(of: piece), rate: parentRate(for: piece), now: now)
        }
    }

    /// What all would come at if each stripe came as the one of this piece does: of a link it has its share only.
    private func parentRate(for piece: Int) -> Double {
        guard let branch = branches.branch(of: piece), let lane = branch.lane.flatMap({ lanes[$0] }) else { return 0 }
        return lane.rate * Double(branch.stripe.count)
    }

    /// The piece that is coming in will not become whole.
    mutating func passedOver(on connection: ConnectionID) {
        guard let piece = lanes[connection]?.receiving else { return }
        lanes[connection]?.receiving = nil
        lanes[connection]?.awaitsBuffer = false
        release(piece)
    }

    /// - Returns: whether this is the first time that the piece is stored.
    mutating func stored(_ piece: Int) -> Bool {
        checked(piece)
        doubled.remove(piece)
        free.remove(piece)
        return stored.insert(piece)
    }

    /// The piece was wrong or could not be written.
    mutating func failed(_ piece: Int) {
        checked(piece)
        release(piece)
    }

    /// A sync has failed: what workers have written and not yet told of may be lost with the rest.
    mutating func doubtUntold() { doubted = checking }

    /// - Returns: whether a copy that is said to be stored may be lost.
    mutating func takeDoubt(of piece: Int) -> Bool {
        guard let copies = doubted[piece] else { return false }
        doubted[piece] = copies > 1 ? copies - 1 : nil
        return true
    }

    /// Pieces that were stored are not: what is on the disk is something else.
    mutating func spoiled(_ pieces: PieceSet) {
        stored.subtract(pieces)
        for piece in pieces.runs.joined() { release(piece) }
    }

    private mutating func checked(_ piece: Int) {
        guard let copies = checking[piece] else { return }
        checking[piece] = copies > 1 ? copies - 1 : nil
    }

    /// A lane will not send these, though they were asked of it.
    mutating func release(_ pieces: Range<Int>, from connection: ConnectionID) {
        lanes[connection]?.inFlight.removeAll { pieces.contains($0) }
        for piece in pieces { release(piece) }
    }

    /// A holder has called off a piece that was asked of it ahead: it has left the forest, unless it has got it meanwhile.
    mutating func calledOff(_ piece: Int, by connection: ConnectionID, now: Moment) {
        guard let lane = lanes[connection], let peer = lane.peer, !lane.holding.contains(piece) else { return }
        crowd.putAside(peer)
        branches.asideUntil = now + Branches.aside
    }

    /// Lanes on which a piece is still to come.
    func lanes(expecting piece: Int) -> [ConnectionID] {
        lanes.filter { $0.value.inFlight.contains(piece) }.map(\.key)
    }

    /// Makes a piece free again unless somebody else is at it.
    private mutating func release(_ piece: Int) {
        let elsewhere = lanes.values.count { $0.receiving == piece || $0.inFlight.contains(piece) }
        let copies = elsewhere + (checking[piece] ?? 0)
        if copies < 2 { doubled.remove(piece) }
        if !stored.contains(piece), copies == 0 { free.insert(piece) }
    }
}

// MARK: The invariant

extension Plan {
    /// Pieces that are in no place, or in more than one: none, ever. For tests.
    var misplaced: [Int] {
        let busy = Dictionary(
            lanes.values.flatMap { $0.inFlight + ($0.receiving.map { [$0] } ?? []) }.map { ($0, 1) } + checking,
            uniquingKeysWith: +)
        return (0..<layout.pieceCount).filter { piece in
            let (isFree, busy) = (free.contains(piece), busy[piece] ?? 0)
            // Copies may still be on their way when one is stored, two if it came from a lane that was given up.
            if stored.contains(piece) { return isFree || busy > 2 }
            return busy == 0 ? !isFree : isFree || busy > 2
        }
    }
}
