import Content
import Wire

/// One holder's part in a download: the pieces it still has to be asked for, and those on their way from it.
struct Lane {
    /// What the holder has.
    var holding: Holding
    /// Where this holder's pieces lie while the file is divided among complete holders.
    var share: Range<Int> = 0..<0
    /// The holder was busy: it is not asked before.
    var resumesAt = Moment(nanoseconds: 0)
    /// Asked for, in the order in which they will come.
    var inFlight: [Int] = []
    /// Its bytes are coming now.
    var receiving: Int?
    /// A piece has been announced and no buffer is free for it: the holder is not to blame for the silence.
    var awaitsBuffer = false
    var lastByte: Moment
    /// When it last began to bring the next `steadyBytes`.
    private(set) var steady: Moment
    private var broughtBytes = 0
    /// Bytes a second, smoothed.
    private(set) var rate: Double = 0
    private var windowStart: Moment
    private var windowBytes = 0

    /// A kibibyte a second over `PeerPolicy.drip`: whoever sends less is as good as silent.
    static let steadyBytes = 32 << 10
    private static let window = Span.milliseconds(50)
    /// Pieces ahead are worth this long at the measured rate, so that the holder never waits for the next request.
    private static let aheadSeconds = 0.25
    private static let aheadMin = 2
    private static let aheadMax = 16
    private static let aheadAtFirst = 4
    /// A window up to so many pieces is kept full, whatever that costs in requests.
    static let narrow = 4

    /// Something that was asked for has not come whole.
    var isOwing: Bool { !inFlight.isEmpty || receiving != nil }

    init(holding: Holding, now: Moment) {
        self.holding = holding
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

    /// Pieces that may be in flight.
    /// - Parameter isSparing: few, until the rate is known.
    func ahead(pieceSize: Int, isSparing: Bool) -> Int {
        guard rate > 0 else { return isSparing ? Lane.aheadMin : Lane.aheadAtFirst }
        return max(Lane.aheadMin, min(Lane.aheadMax, Int(rate * Lane.aheadSeconds / Double(pieceSize)) + 1))
    }

    /// Seconds until what is in flight has come.
    func secondsLeft(pieceSize: Int) -> Double {
        Double(inFlight.count * pieceSize) / max(rate, 1)
    }

    mutating func progressed(_ bytes: Int, now: Moment) {
        lastByte = now
        broughtBytes += bytes
        if broughtBytes >= Lane.steadyBytes {
            steady = now
            broughtBytes = 0
        }
        windowBytes += bytes
        let elapsed = now - windowStart
        guard elapsed >= Lane.window else { return }
        let current = Double(windowBytes) / elapsed.seconds
        rate = rate == 0 ? current : rate * 0.7 + current * 0.3
        windowStart = now
        windowBytes = 0
    }

    /// Waiting for the first request does not count as slowness.
    mutating func asked(_ pieces: Range<Int>, now: Moment) {
        if !isOwing {
            owes(since: now)
            windowStart = now
            windowBytes = 0
        }
        inFlight += pieces
    }
}
