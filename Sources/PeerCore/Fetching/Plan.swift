import Content

/// Which piece comes from whom.
///
/// Every piece is in exactly one of these places: stored; being checked; in flight on one lane, or on two at the very
/// end; in one lane's share; or orphaned, when its holder went away.
///
/// The first division is the original's formula (`PieceLayout.share`). A lane that has used up its share takes orphans,
/// then the upper half of the largest share left, down to single pieces. When all is in flight, an idle lane asks a
/// second time for a piece that a slower lane is far from delivering, and whichever comes first counts.
struct Plan {
    let layout: PieceLayout
    private(set) var stored: PieceSet
    private(set) var lanes: [ConnectionID: Lane] = [:]
    private var orphans: [Range<Int>]
    /// Copies of a piece that are with a worker: two when both lanes of a doubled piece came through.
    private var checking: [Int: Int] = [:]
    /// Pieces in flight on a second lane.
    private var doubled: Set<Int> = []

    init(layout: PieceLayout) {
        self.layout = layout
        stored = PieceSet(pieceCount: layout.pieceCount)
        orphans = layout.pieceCount > 0 ? [0..<layout.pieceCount] : []
    }

    /// Nothing more will be written: every piece is stored, and no second copy of one is with a worker.
    var isComplete: Bool { stored.isComplete && checking.isEmpty }

    /// Bytes verified and written.
    var have: UInt64 {
        guard !stored.isComplete else { return layout.length }
        let last = layout.pieceCount - 1
        let shortfall = stored.contains(last) ? layout.pieceSize - layout.size(of: last) : 0
        return UInt64(stored.count) * UInt64(layout.pieceSize) - UInt64(shortfall)
    }

    // MARK: Lanes

    /// Divides everything among the holders known at the start.
    mutating func divide(among connections: [ConnectionID], now: Moment) {
        // Every holder may have gone meanwhile; then all stays free for whoever comes.
        guard !connections.isEmpty else { return }
        orphans = []
        for (position, connection) in connections.enumerated() {
            var lane = Lane(now: now)
            lane.share = layout.share(position, of: connections.count)
            lanes[connection] = lane
        }
    }

    /// A holder that came later begins with nothing and takes.
    mutating func add(_ connection: ConnectionID, now: Moment) {
        if lanes[connection] == nil { lanes[connection] = Lane(now: now) }
    }

    /// Gives a holder's pieces to the others.
    mutating func remove(_ connection: ConnectionID) {
        guard let lane = lanes.removeValue(forKey: connection) else { return }
        if !lane.share.isEmpty { orphans.append(lane.share) }
        for piece in lane.inFlight { release(piece) }
        if let piece = lane.receiving { release(piece) }
    }

    // MARK: Asking

    /// - Returns: the run of pieces to ask this lane for next, or nil when it has enough in flight or nothing is left.
    mutating func nextChunk(for connection: ConnectionID, now: Moment) -> Range<Int>? {
        guard var lane = lanes[connection] else { return nil }
        let ahead = lane.ahead(pieceSize: layout.pieceSize)
        // A wide window is filled by halves: one request is answered while the next is on its way, and requests stay few.
        let room = ahead - lane.inFlight.count
        guard room >= (ahead > Lane.narrow ? ahead / 2 : 1) else { return nil }
        if lane.share.isEmpty { lane.share = takeShare(for: connection) }
        let wanted = min(lane.share.count, room, max(1, ahead / 2))
        var chunk = lane.share.lowerBound..<lane.share.lowerBound + wanted
        lane.share = chunk.upperBound..<lane.share.upperBound
        if chunk.isEmpty {
            guard !lane.isOwing, let piece = pieceToDouble(for: connection) else {
                lanes[connection] = lane
                return nil
            }
            doubled.insert(piece)
            chunk = piece..<piece + 1
        }
        lane.asked(chunk, now: now)
        lanes[connection] = lane
        return chunk
    }

    private mutating func takeShare(for connection: ConnectionID) -> Range<Int> {
        if let orphan = orphans.popLast() { return orphan }
        // A lane with nothing in flight has not had its turn: before it has, the first one asked would take everything.
        let victims = lanes.filter { $0.key != connection && $0.value.isOwing }
        guard let (victim, lane) = victims.max(by: { $0.value.share.count < $1.value.share.count }), !lane.share.isEmpty
        else { return 0..<0 }
        let middle = lane.share.lowerBound + lane.share.count / 2
        lanes[victim]?.share = lane.share.lowerBound..<middle
        return middle..<lane.share.upperBound
    }

    /// The piece that will come last of all that are in flight once, if its lane is slower than the one that asks.
    private func pieceToDouble(for connection: ConnectionID) -> Int? {
        let own = lanes[connection]?.rate ?? 0
        var latest: (piece: Int, seconds: Double)?
        for (other, lane) in lanes where other != connection && (own == 0 || lane.rate < own) {
            let seconds = lane.secondsLeft(pieceSize: layout.pieceSize)
            let candidates = (lane.receiving.map { [$0] } ?? []) + lane.inFlight
            if let piece = candidates.last(where: { !doubled.contains($0) && !stored.contains($0) }),
                latest.map({ seconds > $0.seconds }) ?? true
            {
                latest = (piece, seconds)
            }
        }
        return latest?.piece
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
            lane.awaitsBuffer = true
        }
        lanes[connection] = lane
        return isLate ? .late : .wanted
    }

    /// What was asked of the same connection before has come: now it owes these pieces.
    mutating func turned(to connection: ConnectionID, now: Moment) {
        lanes[connection]?.owes(since: now)
    }

    mutating func bufferGranted(_ connection: ConnectionID, now: Moment) {
        lanes[connection]?.awaitsBuffer = false
        lanes[connection]?.owes(since: now)
    }

    mutating func progressed(_ connection: ConnectionID, bytes: Int, now: Moment) {
        lanes[connection]?.progressed(bytes, now: now)
    }

    /// The piece is whole and with a worker.
    mutating func received(on connection: ConnectionID) {
        guard let piece = lanes[connection]?.receiving else { return }
        lanes[connection]?.receiving = nil
        checking[piece, default: 0] += 1
    }

    /// - Returns: whether this is the first time that the piece is stored.
    mutating func stored(_ piece: Int) -> Bool {
        checked(piece)
        doubled.remove(piece)
        return stored.insert(piece)
    }

    /// The piece was wrong or could not be written.
    mutating func failed(_ piece: Int) {
        checked(piece)
        release(piece)
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

    /// Lanes on which a piece is still to come.
    func lanes(expecting piece: Int) -> [ConnectionID] {
        lanes.filter { $0.value.inFlight.contains(piece) }.map(\.key)
    }

    /// Makes a piece free again unless somebody else is at it.
    private mutating func release(_ piece: Int) {
        doubled.remove(piece)
        let isElsewhere = lanes.values.contains { $0.receiving == piece || $0.inFlight.contains(piece) }
        if !stored.contains(piece), checking[piece] == nil, !isElsewhere { orphans.append(piece..<piece + 1) }
    }
}

// MARK: The invariant

extension Plan {
    /// Pieces that are in no place, or in more than one: none, ever. For tests.
    var misplaced: [Int] {
        let free = Dictionary(
            (orphans + lanes.values.map(\.share)).flatMap { $0 }.map { ($0, 1) }, uniquingKeysWith: +)
        let busy = Dictionary(
            lanes.values.flatMap { $0.inFlight + ($0.receiving.map { [$0] } ?? []) }.map { ($0, 1) } + checking,
            uniquingKeysWith: +)
        return (0..<layout.pieceCount).filter { piece in
            let (free, busy) = (free[piece] ?? 0, busy[piece] ?? 0)
            // A second copy may still be on its way when the first is stored.
            if stored.contains(piece) { return free > 0 || busy > 1 }
            return busy == 0 ? free != 1 : free > 0 || busy > 2
        }
    }
}
