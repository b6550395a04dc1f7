import Content
import Wire

/// Where a peer's pieces come from in its crowd's forest (Forest.swift): all who fetch a file that one peer has pass its
/// stripes on to each other. Of each the first fetches from the holder, everybody else from the one before it, in the
/// file's order.
///
/// So the holder sends each piece once, and a link carries few streams. Many streams share a link unevenly, and each costs
/// both ends wakes and messages. As those behind a slow member get no more than it has, who gets little leaves the forest
/// for a while, and fetches from everybody (Choice.swift).
struct Branches {
    /// Where one stripe comes from.
    struct Branch {
        let stripe: Stripe
        var place = Forest.Place()
        /// Nobody: the holder.
        var parent: PeerID?
        /// The one that it comes from, if there is one.
        var lane: ConnectionID?
        /// How it stands there, since when it is so, and how it stood then.
        var standing = Standing()
        var since = Moment(nanoseconds: 0)
        var began = Standing()
    }

    /// Behind another, in pieces of a stripe.
    struct Standing {
        /// What the one before it has, and how many more than this peer.
        var has = 0
        var lead = 0
        /// How many more some other fetcher has than either of them.
        var deficit = 0
    }

    /// One for each stripe; none out of the forest.
    private(set) var all: [Branch] = []
    /// The lanes that they come on.
    private(set) var sources: [ConnectionID] = []
    /// Of the crowd when this was last looked at, and when it is looked at again if nothing changes.
    private var version = -1
    private var nextLook = Moment(nanoseconds: 0)
    /// Since when it is in the forest or out of it.
    private var since = Moment(nanoseconds: 0)
    /// It is out of it before, and how long it stays out the next time.
    private var restsUntil = Moment(nanoseconds: 0)
    private var rest = Branches.restMin
    /// When the holder was last asked for a piece, to see whether it is faster; that piece, and when it began to come.
    private var lastProbe: Moment?
    private var probe: (piece: Int, began: Moment?)?
    /// The holder has turned out to be so much faster that it is better to leave.
    private(set) var isOutdone = false
    /// When others than those that stripes come from are asked again.
    private var nextOthers = Moment(nanoseconds: 0)

    /// Until then there was another reason for what did not come from those before it.
    var excusedUntil = Moment(nanoseconds: 0)

    /// When all who have left the forest are taken to be back.
    var asideUntil = Moment(nanoseconds: 0)

    /// About as long as one that has left it rests.
    static let aside = Span.seconds(2)
    private static let pause = Span.milliseconds(50)
    private static let restMin = Span.seconds(1)
    private static let restMax = Span.seconds(16)
    /// Each later in a tree waits for longer for its first piece, and looks less often at the holder.
    private static let probeFirst = Span.milliseconds(700)
    private static let probePause = Span.seconds(10)
    /// How much faster than those before it makes the holder worth leaving for.
    private static let probeGain = 2.0

    /// It fetches from everybody.
    var isLoose: Bool { all.isEmpty }

    /// It has left the forest for a while, and fetches in an order of its own.
    func isResting(_ now: Moment) -> Bool { restsUntil > now }

    /// Whether a stripe comes from that peer.
    func isBehind(_ peer: PeerID?) -> Bool { peer != nil && all.contains { $0.parent == peer } }

    func branch(of piece: Int) -> Branch? { all.first { $0.stripe.contains(piece) } }

    /// Whether a piece is this peer's to fetch from the holder.
    func isFirst(for piece: Int) -> Bool { branch(of: piece).map { $0.parent == nil } ?? false }

    /// Whom stripes came from before, and now do not.
    func left(since before: Branches) -> [(parent: PeerID, stripe: Stripe)] {
        before.all.compactMap { old in
            guard let parent = old.parent, !all.contains(where: { $0.stripe == old.stripe && $0.parent == parent })
            else {
                return nil
            }
            return (parent, old.stripe)
        }
    }

    func isDue(_ version: Int, _ now: Moment) -> Bool { version != self.version || nextLook <= now }

    func isTimeForOthers(_ now: Moment) -> Bool { nextOthers <= now }

    mutating func asksOthers(_ now: Moment) { nextOthers = now + Branches.pause }

    mutating func looked(_ version: Int, _ now: Moment) {
        self.version = version
        nextLook = now + Branches.pause
    }

    /// - Parameter wanted: where the stripes come from, and how it stands there.
    mutating func take(_ wanted: [Branch], now: Moment) {
        if isLoose != wanted.isEmpty { turn(now: now) }
        let old = all
        all = wanted.map { wanted in
            var branch = wanted
            (branch.since, branch.began) = (now, wanted.standing)
            // What one that was met a moment ago has is known when it has its lane.
            if let same = old.first(where: { $0.stripe == wanted.stripe && $0.parent == wanted.parent }),
                same.lane != nil || wanted.lane == nil
            {
                (branch.since, branch.began) = (same.since, same.began)
            }
            return branch
        }
        sources = all.reduce(into: []) { if let lane = $1.lane, !$0.contains(lane) { $0.append(lane) } }
    }

    mutating func leave(now: Moment) {
        if now - since > Branches.restMax { rest = Branches.restMin }
        (all, sources) = ([], [])
        turn(now: now)
        restsUntil = now + rest
        rest = min(Branches.restMax, Span(nanoseconds: rest.nanoseconds * 2))
    }

    private mutating func turn(now: Moment) {
        since = now
        (probe, lastProbe, isOutdone) = (nil, nil, false)
    }

    // MARK: The holder

    /// Whether one at that place is to see how fast the holder is. A few are: whoever finds out is the first of all behind it.
    func isTimeToProbe(_ place: Forest.Place, now: Moment) -> Bool {
        guard place.index & (place.index - 1) == 0 else { return false }
        let pause = lastProbe == nil ? Branches.probeFirst : Branches.probePause
        return (lastProbe ?? since) + Span(nanoseconds: pause.nanoseconds * UInt64(place.index)) <= now
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
    ///   - rate: bytes a second from those before it.
    mutating func received(_ piece: Int, bytes: Int, rate: Double, now: Moment) {
        guard let probe, probe.piece == piece, let began = probe.began else { return }
        self.probe = nil
        // It was here already, and says nothing of how fast it came.
        guard began < now else { return }
        isOutdone = rate > 0 && Double(bytes) / max((now - began).seconds, 1e-6) > Branches.probeGain * rate
        if isOutdone { nextLook = now }
    }
}
