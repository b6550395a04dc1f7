import Content

/// The caps of every connection. Sizes are bytes.
public struct TransportLimits: Sendable {
    /// Read or written on one connection in one tick: what one busy peer may delay the others by. 1 MiB takes a loopback
    /// connection about half a millisecond.
    public var bytesPerTick = 1 << 20
    /// Messages handled of one connection in one tick, so that tiny frames are bounded too.
    public var messagesPerTick = 256
    /// Of all connections together: some 10 ms, however many flood. Half is for what has just come, half for what had to
    /// wait before.
    public var messagesPerTickTotal = 2048
    /// Few enough that a flood of connects leaves room for others in each tick.
    public var acceptsPerTick = 64
    /// Messages waiting to be sent; beyond it the other end does not read and is dropped. Files do not count: they wait on
    /// the disk, not in memory.
    public var queueMax: Int
    /// The same of all connections together, if it is bounded. Beyond it, those are dropped that have more waiting than
    /// `queueShare`, or have had something waiting without a break for `queueSpan`: whoever reads has less, and not so long.
    public var queueTotalMax = Int.max
    public var queueShare = Int.max
    public var queueSpan: Span?
    /// Bytes of frames that have not come whole, all connections together. Beyond it, those are dropped that have more of
    /// them than `unfinishedShare`.
    public var unfinishedTotalMax = 32 << 20
    public var unfinishedShare = 16 << 10
    /// File data handed to the send queue ahead of the socket.
    public var fileBytesAhead = 2 << 20
    /// To connect.
    public var dial: Span = .seconds(5)
    /// For the other end's kernel to acknowledge anything, data or a probe: as long as the manager waits for a sign of
    /// life. One that does not read for so long ends too, so a rate limit must let it read now and then.
    public var silence: Span = .seconds(15)
    /// For the other end to read anything at all of what waits for it.
    public var drain: Span = .seconds(30)
    /// To flush what is queued when a connection is closed.
    public var linger: Span = .seconds(1)
    /// Between two attempts to accept after descriptors ran out.
    public var acceptPause: Span = .milliseconds(200)

    public init(queueMax: Int) {
        self.queueMax = queueMax
    }
}

/// When sockets gather bytes (Gathering.swift).
extension TransportLimits {
    /// What comes in so long is read together.
    static let gatherLatency = Span.milliseconds(8)
    /// A stream that brings less in that time is read as it comes.
    static let gatherMin = 8 << 10
    /// A quarter of a piece: wakes are few, and the kernel's buffer is not full when the daemon comes.
    static let gatherMax = 256 << 10
    /// How long a stream may bring less than it is waited for.
    static let gatherSpan = Span.milliseconds(50)
}

/// What follows from a rate limit. Sizes are bytes.
extension TransportLimits {
    /// Saved while nothing passes: a tenth of a second's worth makes up for ticks that come late, and a share must fit
    /// however low the rate.
    static let burstSpan = Span.milliseconds(100)
    static let burstMin = 64 << 10
    /// Between two looks at the line: a fiftieth of a second, so that a limit costs fifty wake-ups a second and no more,
    /// whatever the rate and however many wait.
    static let batchSpan = Span.milliseconds(20)
    /// Also when what is handed out in between runs out at once.
    static let wakePause = Span.milliseconds(10)
    /// One connection's turn, and never more than a tick's budget: at a rate of 20 MB/s a piece of 1 MiB.
    static let turnSpan = Span.milliseconds(60)
    static let turnMax = 1 << 20
    /// Handed out at a time, at least: a quarter of a batch; of a slow limit about a packet, so that each of many gets
    /// something before its other end takes it for dead.
    static let sharesPerBatch = 4
    static let shareMin = 1 << 10

    /// What is taken in ahead of a reader with a low limit: half a second's worth. With the megabytes that a kernel takes in
    /// otherwise the window would stay shut for so long that the sender's takes it for a dead end (`silence`).
    static let aheadSpan = Span.milliseconds(500)
    static let aheadMin = 8 << 10
    /// A rate at which the kernel's own size does no harm; less would, over a long way.
    static let aheadRateMax: UInt64 = 2 << 20

    /// - Returns: nil leaves it to the kernel.
    static func ahead(of rate: ByteRate?) -> Int? {
        guard let rate, rate.bytesPerSecond < aheadRateMax else { return nil }
        return max(aheadMin, bytes(of: rate, in: aheadSpan))
    }

    static func burst(of rate: ByteRate) -> Int { max(burstMin, bytes(of: rate, in: burstSpan)) }
    static func batch(of rate: ByteRate) -> Int { max(shareMin, bytes(of: rate, in: batchSpan)) }
    static func turn(of rate: ByteRate) -> Int { max(shareMin, min(bytes(of: rate, in: turnSpan), turnMax)) }
    static func share(of rate: ByteRate) -> Int { max(shareMin, min(batch(of: rate) / sharesPerBatch, turnMax)) }

    /// A rate is at most 2^50, so the product fits.
    private static func bytes(of rate: ByteRate, in span: Span) -> Int {
        Int(rate.bytesPerSecond / 1000 * (span.nanoseconds / 1_000_000))
    }
}
