import Content

/// The caps of every connection. Sizes are bytes.
public struct TransportLimits: Sendable {
    /// Read or written on one connection in one tick: what one busy peer may delay the others by. 1 MiB takes a loopback
    /// connection about half a millisecond.
    public var bytesPerTick = 1 << 20
    /// Messages handled of one connection in one tick, so that tiny frames are bounded too.
    public var messagesPerTick = 1024
    public var acceptsPerTick = 256
    /// Messages waiting to be sent; beyond it the other end does not read and is dropped. Files do not count: they wait on
    /// the disk, not in memory.
    public var queueMax: Int
    /// File data handed to the send queue ahead of the socket.
    public var fileBytesAhead = 2 << 20
    /// To connect.
    public var dial: Span = .seconds(5)
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
