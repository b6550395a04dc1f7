import Content
import Wire

/// Where a peer stands in its crowd's line: all who fetch a file that one peer has, in the order of their ids. The first
/// fetches from the holder, everybody else from the one before it, each in the file's order.
///
/// So every link carries one stream each way, and the holder sends each piece once. Many streams share a link unevenly, and
/// each costs both ends wakes and messages. As a line is as slow as its slowest member, who gets little leaves it for a
/// while, and fetches from everybody (Choice.swift).
struct Chain {
    enum Role: Equatable {
        /// In no line.
        case loose
        case first
        case behind(PeerID)
    }

    private(set) var role = Role.loose
    /// Of the crowd when the role was last looked at, and when it is looked at again if nothing changes.
    private var version = -1
    private var nextLook = Moment(nanoseconds: 0)
    /// Since when the role is what it is.
    private(set) var since = Moment(nanoseconds: 0)
    /// It is in no line before, and how long it leaves one for the next time.
    private var restsUntil = Moment(nanoseconds: 0)
    private var rest = Chain.restMin
    /// How it stood then.
    private(set) var began = Standing()
    /// When the holder was last asked for a piece, to see whether it is faster; that piece, and when it began to come.
    private var lastProbe: Moment?
    private var probe: (piece: Int, began: Moment?)?
    /// The holder has turned out to be so much faster that it is better to leave.
    private(set) var isOutdone = false

    /// Behind another, in pieces.
    struct Standing {
        /// What the one before it has, and how many more than this peer.
        var has = 0
        var lead = 0
        /// How many more some other fetcher has than either of them.
        var deficit = 0
    }

    /// The lane of the one before it, if there is one, and when others than that are asked again.
    private(set) var parent: ConnectionID?
    private var nextOthers = Moment(nanoseconds: 0)

    /// Until then there was another reason for what did not come from the one before it.
    var excusedUntil = Moment(nanoseconds: 0)

    /// When all who have left the line are taken to be back.
    var asideUntil = Moment(nanoseconds: 0)

    /// About as long as one that has left it rests.
    static let aside = Span.seconds(2)
    private static let pause = Span.milliseconds(50)
    private static let restMin = Span.seconds(1)
    private static let restMax = Span.seconds(16)
    /// Each later in the line waits for longer for its first piece, and looks less often at the holder.
    private static let probeFirst = Span.milliseconds(700)
    private static let probePause = Span.seconds(10)
    /// How much faster than the one before it makes the holder worth leaving the line for.
    private static let probeGain = 2.0

    /// It has left the line for a while, and fetches in an order of its own.
    func isResting(_ now: Moment) -> Bool { restsUntil > now }

    /// Whether pieces come from that peer only.
    func isBehind(_ peer: PeerID?) -> Bool { peer.map { role == .behind($0) } ?? false }

    func isDue(_ version: Int, _ now: Moment) -> Bool { version != self.version || nextLook <= now }

    func isTimeForOthers(_ now: Moment) -> Bool { nextOthers <= now }

    mutating func asksOthers(_ now: Moment) { nextOthers = now + Chain.pause }

    mutating func looked(_ version: Int, _ now: Moment) {
        self.version = version
        nextLook = now + Chain.pause
    }

    /// - Parameter parent: the lane of the one before it.
    mutating func take(_ role: Role, after parent: ConnectionID? = nil, _ began: Standing = Standing(), now: Moment) {
        // What one that was met a moment ago has is known when it has its lane.
        let isMet = self.parent == nil && parent != nil
        self.parent = parent
        guard role != self.role || isMet else { return }
        self.role = role
        since = now
        self.began = began
        (probe, isOutdone) = (nil, false)
        lastProbe = nil
    }

    mutating func leave(now: Moment) {
        (role, parent) = (.loose, nil)
        if now - since > Chain.restMax { rest = Chain.restMin }
        restsUntil = now + rest
        rest = min(Chain.restMax, Span(nanoseconds: rest.nanoseconds * 2))
        (probe, isOutdone) = (nil, false)
    }

    // MARK: The holder

    func isTimeToProbe(place: Int, now: Moment) -> Bool {
        let pause = lastProbe == nil ? Chain.probeFirst : Chain.probePause
        return (lastProbe ?? since) + Span(nanoseconds: pause.nanoseconds * UInt64(place)) <= now
    }

    /// - Parameter piece: nil if there is none to be asked for.
    mutating func probes(_ piece: Int?, now: Moment) {
        probe = piece.map { ($0, nil) }
        lastProbe = now
    }

    mutating func began(_ piece: Int, now: Moment) {
        if probe?.piece == piece { probe?.began = now }
    }

    /// A piece is whole.
    /// - Parameters:
    ///   - bytes: its size.
    ///   - rate: bytes a second from the one before it.
    mutating func received(_ piece: Int, bytes: Int, rate: Double, now: Moment) {
        guard let probe, probe.piece == piece, let began = probe.began else { return }
        self.probe = nil
        // It was here already, and says nothing of how fast it came.
        guard began < now else { return }
        isOutdone = rate > 0 && Double(bytes) / max((now - began).seconds, 1e-6) > Chain.probeGain * rate
        if isOutdone { nextLook = now }
    }
}

// MARK: The line

extension Plan {
    /// A line is worth it while passing a piece on from the first to the last takes little of the time of the file.
    private static let piecesPerMember = 16
    /// For the first byte, and for every further one: at first, and for each that is before this peer. On a machine that
    /// has too much to do everybody gets little for a while, and without a line it would have more.
    private static let patience = (least: Span.seconds(1), place: Span.milliseconds(50))
    /// Pieces by which a peer may fall back in the line, behind the one before it, and with that one behind others: at
    /// first, and for each place between.
    private static let leadMax = 64
    private static let deficitMax = (least: 16, place: 8)

    func isTimeToLineUp(now: Moment) -> Bool {
        chain.isDue(crowd.version, now) || crowd.isAnyAside && chain.asideUntil <= now
    }

    /// Takes a place in the line, or leaves it.
    mutating func lineUp(now: Moment) {
        if chain.asideUntil <= now { crowd.takeBack() }
        guard chain.isDue(crowd.version, now) else { return }
        chain.looked(crowd.version, now)
        guard isLine, !chain.isResting(now) else {
            return chain.take(.loose, now: now)
        }
        guard let parent = crowd.line.before else { return chain.take(.first, now: now) }
        let connection = lanes.first { $0.value.peer == parent }?.key
        let lane = connection.flatMap { lanes[$0] }
        let standing = standing(behind: lane)
        chain.take(.behind(parent), after: connection, standing, now: now)
        if chain.isOutdone || isPoor(lane, standing, now: now) { chain.leave(now: now) }
    }

    private func standing(behind lane: Lane?) -> Chain.Standing {
        let has = lane.map { count(of: $0.holding) } ?? 0
        let most = lanes.values.filter { !$0.isOrigin }.map { count(of: $0.holding) }.max() ?? 0
        return .init(has: has, lead: has - stored.count, deficit: most - max(has, stored.count))
    }

    /// Others fetch the file from one that has it.
    private var isLine: Bool {
        !isInOrder && (crowd.line.before != nil || !crowd.isEmpty)
            && layout.pieceCount >= Plan.piecesPerMember * (crowd.rivals.count + 1)
            && lanes.values.count { $0.isOrigin } <= 1
    }

    /// Whether little comes from the one before this peer, or others that get ahead of it show that more could.
    private func isPoor(_ lane: Lane?, _ standing: Chain.Standing, now: Moment) -> Bool {
        // For a buffer of our own it is not to blame.
        guard lane?.awaitsBuffer != true else { return false }
        let since = max(chain.since, chain.excusedUntil)
        let last = lane.map { $0.hasBrought ? max(since, $0.lastByte) : since } ?? since
        let (least, place) = Plan.patience
        let patience = Span(nanoseconds: least.nanoseconds + place.nanoseconds * UInt64(crowd.line.place))
        let deficitMax = Plan.deficitMax.least + Plan.deficitMax.place * crowd.line.place
        return now - last > patience || standing.lead > max(0, chain.began.lead) + Plan.leadMax
            || standing.deficit > max(0, chain.began.deficit) + deficitMax
    }

    private func count(of holding: Holding) -> Int {
        switch holding {
        case .all, .tree: layout.pieceCount
        case .pieces(let pieces): pieces.count
        }
    }

    /// Behind another: what it has, and then what it will have, in the file's order.
    func nextInLine(from lane: Lane, _ mayWait: Bool) -> Int? {
        if let piece = first(of: lane.holding) { return piece }
        // Whoever has had some all along may fetch nothing, and answer that it has no more.
        guard mayWait, case .pieces(let pieces) = lane.holding,
            chain.began.has == 0 || pieces.count > chain.began.has
        else {
            return nil
        }
        return free.next(from: 0)
    }

    /// The last piece that no other fetcher has, when it is time to see how fast the holder is.
    mutating func nextToProbe(from lane: Lane, now: Moment) -> Int? {
        // A few do: whoever finds out is the first of all behind it.
        let isProbing = crowd.line.place & (crowd.line.place - 1) == 0
        guard isProbing, lane.isOrigin, !lane.isOwing, chain.isTimeToProbe(place: crowd.line.place, now: now) else {
            return nil
        }
        let piece = crowd.lastUnheld(in: free)
        chain.probes(piece, now: now)
        return piece
    }
}
