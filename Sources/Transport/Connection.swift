import Content
import Posix
import Reactor
import Wire

/// One socket with what is being read from it and what waits to be written.
final class Connection {
    enum State: Equatable {
        case connecting
        case open
        /// Nothing is read any more; what is queued goes out until the deadline.
        case closing(deadline: UInt64)
        case closed
    }

    /// What the next bytes from the socket are.
    enum Reading {
        case frames
        /// Raw bytes of a piece for which no buffer is free: nothing is read.
        case awaitingBuffer
        case piece(IncomingPiece, filled: Int)
        case discarding(remaining: Int)
    }

    let id: ConnectionID
    let address: PeerAddress
    private let socket: DescriptorBox
    var state: State
    var reading = Reading.frames
    /// A piece has come: behind a frame there may be another, whose bytes are to go straight into its buffer.
    var carriesPieces = false
    var decoder = FrameDecoder()
    var queue = SendQueue()
    /// No rate limit holds for it.
    var isExempt: Bool
    /// Whose share of the rate limits it draws from.
    var party: Party
    /// What the rate limits allow it.
    var sending = Throttle.Passage.granted(0)
    var receiving = Throttle.Passage.granted(0)
    /// Something waits to be written at the end of the tick.
    var isDirty = false
    /// What is to be written waits for the socket.
    var isBlocked = false
    /// More was to be sent than may wait: the other end does not read.
    var isOverfull = false
    /// What of it is in the transport's sums.
    var counted = (queued: 0, unfinished: 0)
    /// Whole frames wait in the decoder for the next tick.
    var isPostponed = false
    /// When the socket last took a byte while something was waiting; nanoseconds.
    var drained: UInt64 = 0
    /// Since when something has been waiting all the time; nanoseconds.
    var waitsSince: UInt64 = 0
    /// The kernel does not judge whether the other end is alive while it takes nothing.
    var isPatient = false
    /// The kernel takes in little ahead of what is read.
    var hasSmallBuffer = false
    /// What the other end had not acknowledged when that was looked at last, and when that was seen to become less.
    private var unacknowledged = 0
    private var acknowledged: UInt64 = 0
    var dialTimer: TimerID?
    /// Bytes that the socket gathers before it is said to be readable, and when it was last read; see Gathering.swift.
    var threshold = 1
    var lastRead: UInt64 = 0
    private var budget: (tick: UInt64, written: Int) = (0, 0)
    private var handled: (tick: UInt64, messages: Int) = (0, 0)

    init(id: ConnectionID, address: PeerAddress, isExempt: Bool, socket: consuming FileDescriptor, state: State) {
        self.id = id
        self.address = address
        party = .connection(id)
        self.isExempt = isExempt
        self.socket = DescriptorBox(socket)
        self.state = state
    }

    var descriptor: Int32 { socket.rawValue }

    /// Bytes written since the tick of that time began.
    func written(inTick tick: UInt64) -> Int { budget.tick == tick ? budget.written : 0 }

    func wrote(_ total: Int, inTick tick: UInt64) { budget = (tick, total) }

    /// When the other end was last seen to take a byte while something was waiting: while a link drains what the socket
    /// holds, that takes none.
    var taken: UInt64 { max(drained, acknowledged) }

    func lookAtAcknowledgements(at now: UInt64) {
        let count = TCPSocket.unacknowledged(descriptor)
        if count < unacknowledged { acknowledged = now }
        unacknowledged = count
    }

    /// Everything that was given to the kernel has arrived, as far as was seen.
    var hasArrived: Bool { unacknowledged == 0 }

    /// Messages handled since the tick of that time began.
    func handled(inTick tick: UInt64) -> Int { handled.tick == tick ? handled.messages : 0 }

    func handledOne(inTick tick: UInt64) { handled = (tick, handled(inTick: tick) + 1) }

    /// Gives the descriptor up, to be closed by the reactor.
    func takeSocket() -> FileDescriptor? { socket.take() }

    /// The next bytes from the socket are a piece's.
    var isInPiece: Bool {
        switch reading {
        case .frames, .awaitingBuffer: false
        case .piece, .discarding: true
        }
    }

    /// Nothing is read until something else happens: a buffer is free, or it is this connection's turn.
    var isHeldBack: Bool {
        if case .awaitingBuffer = reading { return true }
        return isInPiece && receiving == .waiting
    }

    /// What the reactor should watch for.
    var interest: EventPoll.Mask {
        switch state {
        case .connecting: return .writable
        case .closing: return .writable
        case .closed: return []
        case .open:
            var mask: EventPoll.Mask = isBlocked ? .writable : []
            if !isHeldBack, !isPostponed { mask.insert(.readable) }
            return mask
        }
    }
}
