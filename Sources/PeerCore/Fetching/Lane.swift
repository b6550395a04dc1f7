import Content
import Wire

/// One holder's part in a download: the pieces it still has to be asked for, and those on their way from it.
struct Lane {
    let peer: PeerID?
    /// What the holder has.
    var holding: Holding
    /// It had all of it from the beginning.
    let isOrigin: Bool
    /// Where this holder's pieces lie while the file is divided among complete holders.
    var share: Range<Int> = 0..<0
    /// The holder was busy: it is not asked before.
    var resumesAt = Moment(nanoseconds: 0)
    /// While pieces are left for others, it is not looked before whether it could bring one that is late.
    var doublingAt = Moment(nanoseconds: 0)
    /// Asked for, in the order in which they will come.
    var inFlight: [Int] = []
    /// Its bytes are coming now.
    var receiving: Int?
    /// Bytes of it that have not come.
    var receivingLeft = 0
    /// A piece has been announced and no buffer is free for it: the holder is not to blame for the silence.
    var awaitsBuffer = false
    var lastByte: Moment
    /// When it last began to bring the next `steadyBytes`.
    private(set) var steady: Moment
    private var broughtBytes = 0
    /// Bytes have come from it, however few.
    private(set) var hasBrought = false
    /// Bytes a second, smoothed.
    private(set) var rate: Double = 0
    private var windowStart: Moment
    private var windowBytes = 0

    /// A kibibyte a second over `PeerPolicy.drip`: whoever sends less is as good as silent.
    static let steadyBytes = 32 << 10
    private static let window = Span.milliseconds(50)
    /// What the rate before it is worth after a window, and windows after which it is worth nothing.
    private static let smoothing = 0.7
    private static let windowsMax: UInt64 = 64
    /// Pieces ahead are worth this long at the measured rate, so that the holder never waits for the next request.
    private static let aheadSeconds = 0.25
    private static let aheadMin = 2
    private static let aheadMax = 16
    private static let aheadAtFirst = 4
    /// In a crowd, of a fetcher and of a complete holder, before their rates are known.
    private static let crowdAtFirst = (fetcher: 1, holder: 2)
    /// A window up to so many pieces is kept full, whatever that costs in requests.
    static let narrow = 4

    /// Something that was asked for has not come whole.
    var isOwing: Bool { !inFlight.isEmpty || receiving != nil }

    init(of peer: PeerID? = nil, holding: Holding, now: Moment) {
        self.peer = peer
        self.holding = holding
        isOrigin = holding.isComplete
        lastByte = now
        steady = now
        windowStart = now
    }

    /// From now on it is to blame for silence.
    mutating func owes(since now: Moment) {
        lastByte = now
        steady = now
        broughtBytes = 0
    }

    /// The piece that was announced has its buffer: the wait for it was not the holder's.
    mutating func bufferGranted(_ now: Moment) {
        awaitsBuffer = false
        windowStart = min(now, windowStart + (now - lastByte))
        owes(since: now)
    }

    /// Pieces that may be in flight.
    func ahead(pieceSize: Int) -> Int {
        guard rate > 0 else { return Lane.aheadAtFirst }
        return max(Lane.aheadMin, min(Lane.aheadMax, Int(rate * Lane.aheadSeconds / Double(pieceSize)) + 1))
    }

    /// Pieces to be asked for now in a crowd, where each may come sooner from somebody else: the next only when what is on
    /// its way is worth no more than `aheadSeconds`.
    func crowdRoom(pieceSize: Int) -> Int {
        guard rate > 0 else {
            let atFirst = holding.isComplete ? Lane.crowdAtFirst.holder : Lane.crowdAtFirst.fetcher
            return atFirst - inFlight.count - (receiving == nil ? 0 : 1)
        }
        let left = inFlight.count * pieceSize + (receiving == nil ? 0 : receivingLeft)
        return left <= bytesAhead ? min(Lane.aheadMax - inFlight.count, (bytesAhead - left) / pieceSize + 1) : 0
    }

    /// What the holder brings in `aheadSeconds`.
    var bytesAhead: Int { Int(min(rate * Lane.aheadSeconds, Double(1 << 40))) }

    /// Seconds until what is in flight has come.
    func secondsLeft(pieceSize: Int, now: Moment) -> Double {
        Double(inFlight.count * pieceSize) / max(pace(now), 1)
    }

    /// - Returns: whether it is time to ask for more.
    @discardableResult
    mutating func progressed(_ bytes: Int, now: Moment) -> Bool {
        let hadEnough = receivingLeft > bytesAhead
        receivingLeft = max(0, receivingLeft - bytes)
        measure(bytes, now: now)
        return inFlight.isEmpty && hadEnough && receivingLeft <= bytesAhead
    }

    private mutating func measure(_ bytes: Int, now: Moment) {
        lastByte = now
        hasBrought = true
        broughtBytes += bytes
        if broughtBytes >= Lane.steadyBytes {
            steady = now
            broughtBytes = 0
        }
        windowBytes += bytes
        guard now - windowStart >= Lane.window else { return }
        rate = measured(now)
        windowStart = now
        windowBytes = 0
    }

    /// What the rate has come to now, also while nothing comes: a burst at the beginning says little of a holder that
    /// drips afterwards.
    func pace(_ now: Moment) -> Double {
        isOwing && !awaitsBuffer && now - windowStart >= Lane.window ? measured(now) : rate
    }

    /// Smoothed over time, not over measurements: a window that has lasted long counts for more.
    private func measured(_ now: Moment) -> Double {
        let elapsed = now - windowStart
        let current = Double(windowBytes) / elapsed.seconds
        guard rate > 0 else { return current }
        var weight = 1.0
        let windows = min(elapsed.nanoseconds / Lane.window.nanoseconds, Lane.windowsMax)
        for _ in 0..<windows { weight *= Lane.smoothing }
        return rate * weight + current * (1 - weight)
    }

    /// Waiting for the first request does not count as slowness.
    mutating func asked(_ pieces: Range<Int>, now: Moment) {
        if !isOwing {
            // A piece may take less than a window, and so may all of those that are asked for one by one.
            if rate == 0, windowBytes > 0, lastByte > windowStart { rate = measured(lastByte) }
            owes(since: now)
            windowStart = now
            windowBytes = 0
        }
        inFlight += pieces
    }
}
