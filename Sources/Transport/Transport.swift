import Content
import Posix
import Reactor
import Wire

/// The connections of one daemon on its reactor: it dials, accepts, cuts bytes into messages, and drains send queues.
///
/// Data goes one way: socket -> decoder -> handler, and handler -> send queue -> socket. What is sent during a tick is
/// written at its end, in one go a connection.
///
/// File data keeps to the rate limits (Limiting.swift); frames do not count.
///
/// Invariant: no connection reads or writes more than its budget in a tick, or queues more than its cap.
public final class Transport<Completion: Sendable> {
    let reactor: Reactor<Completion>
    let limits: TransportLimits
    var connections: [UInt32: Connection] = [:]
    var listeners: [Token: DescriptorBox] = [:]
    var dirty: [Connection] = []
    /// Connections with bytes in their decoders that no event will announce.
    var resumed: [Connection] = []
    /// Connections with more whole frames than a tick may handle: first those of which none has been handled in it.
    var postponedFirst: [Connection] = []
    var postponed: [Connection] = []
    /// How many more messages the tick of that time may handle.
    var messagesLeft: (tick: UInt64, count: Int) = (0, 0)
    /// Bytes in send queues, without files, and in decoders.
    var queuedBytes = 0
    var unfinishedBytes = 0
    /// Connections whose socket is full, or which are closing.
    var waiting: Set<ConnectionID> = []
    /// How fast file data may go.
    public internal(set) var rates = RateLimits()
    var outgoing = Throttle()
    var incoming = Throttle()
    var housekeeping: TimerID?
    /// Connections whose sockets gather bytes.
    var gathering: Set<ConnectionID> = []
    var gatherTimer: TimerID?
    var acceptTimer: TimerID?
    var dialTimers: [TimerID: ConnectionID] = [:]
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    let headerScratch: UnsafeMutableRawBufferPointer

    /// File bytes since the start.
    public internal(set) var fileBytesSent: UInt64 = 0
    public internal(set) var pieceBytesReceived: UInt64 = 0

    public init(reactor: Reactor<Completion>, limits: TransportLimits) {
        self.reactor = reactor
        self.limits = limits
        // Among pieces little is read besides them: what is read of the next with its header is copied into its buffer.
        headerScratch = UnsafeMutableRawBufferPointer(rebasing: scratch[..<4096])
    }

    deinit { scratch.deallocate() }

    public var count: Int { connections.count }

    // MARK: Opening

    /// Listens, and returns the port, which the kernel chooses if it is 0.
    public func listen(on address: PeerAddress) throws(SystemError) -> UInt16 {
        let socket = try TCPSocket.listen(on: SocketAddress(address))
        let port = try TCPSocket.localAddress(socket.rawValue).port
        let token = try reactor.register(socket.rawValue, .readable)
        listeners[token] = DescriptorBox(socket)
        return port
    }

    /// Starts to connect; `dialed` tells how it went.
    /// - Parameter source: the address to connect from, if the daemon is bound to one.
    public func dial(_ address: PeerAddress, from source: PeerAddress?) throws(SystemError) -> ConnectionID {
        let socket = try TCPSocket.connect(to: SocketAddress(address), from: source.map { SocketAddress($0) })
        let connection = try register(socket, address, .connecting)
        let timer = reactor.setTimer(at: reactor.now + limits.dial.nanoseconds)
        connection.dialTimer = timer
        dialTimers[timer] = connection.id
        return connection.id
    }

    func register(
        _ socket: consuming FileDescriptor, _ address: PeerAddress, _ state: Connection.State
    ) throws(SystemError) -> Connection {
        TCPSocket.endWhenSilent(socket.rawValue, seconds: Int32(limits.silence.seconds))
        let token = try reactor.register(socket.rawValue, state == .connecting ? .writable : .readable)
        let connection = Connection(
            id: ConnectionID(token), address: address, isExempt: rates.exempts(address), socket: socket, state: state)
        connections[token.slot] = connection
        fitBuffer(connection)
        return connection
    }

    // MARK: Closing

    /// Closes once what is queued has gone out, or cannot; the handler hears no more of the connection.
    /// - Returns: the piece that was under way, whose buffer is to be given back.
    public func close(_ id: ConnectionID) -> IncomingPiece? {
        guard let connection = find(id) else { return nil }
        let unfinished = takePiece(connection)
        guard connection.state == .open, !connection.queue.isEmpty, connection.queue.fileBytes == 0 else {
            end(connection)
            return unfinished
        }
        connection.state = .closing(deadline: reactor.now + limits.linger.nanoseconds)
        wait(for: connection)
        mark(connection)
        return unfinished
    }

    /// Stops accepting.
    public func closeListeners() {
        for (token, box) in listeners { reactor.close(token, box.take()) }
        listeners = [:]
    }

    func end(_ connection: Connection) {
        guard connection.state != .closed else { return }
        connection.state = .closed
        uncount(connection)
        endPassage(connection)
        waiting.remove(connection.id)
        if let timer = connection.dialTimer {
            reactor.cancelTimer(timer)
            dialTimers[timer] = nil
        }
        let token = Token(connection.id)
        connections[token.slot] = nil
        reactor.close(token, connection.takeSocket())
    }

    func takePiece(_ connection: Connection) -> IncomingPiece? {
        defer { connection.reading = .frames }
        if case .piece(let piece, _) = connection.reading { return piece }
        return nil
    }

    func fail<H: TransportHandler>(_ connection: Connection, _ reason: String, _ handler: H) {
        guard connection.state != .closed else { return }
        let wasOpen = connection.state == .open
        let unfinished = takePiece(connection)
        end(connection)
        if wasOpen { handler.closed(connection.id, reason: reason, unfinished: unfinished) }
    }

    // MARK: Events

    /// - Returns: false for a token that is not this transport's.
    public func ready<H: TransportHandler>(_ token: Token, _ mask: EventPoll.Mask, _ handler: H) -> Bool {
        guard let connection = connections[token.slot], connection.id == ConnectionID(token) else {
            guard let listener = listeners[token] else { return false }
            accept(listener.rawValue, token, handler)
            return true
        }
        switch connection.state {
        case .connecting: finishDial(connection, handler)
        case .open:
            if connection.isHeldBack, !mask.isDisjoint(with: .failed) {
                // Nothing is read now, and the kernel would report this in every tick.
                fail(connection, "reset by the other end", handler)
                return true
            }
            if !mask.isDisjoint(with: [.readable, .failed]) { read(connection, handler) }
            if mask.contains(.writable) { mark(connection) }
        case .closing: mark(connection)
        case .closed: break
        }
        return true
    }

    /// - Returns: false for a timer that is not this transport's.
    public func fired<H: TransportHandler>(_ timer: TimerID, _ handler: H) -> Bool {
        if let id = dialTimers.removeValue(forKey: timer) {
            if let connection = find(id), connection.state == .connecting {
                endDial(connection, "no answer from \(connection.address) in \(Int(limits.dial.seconds)) s", handler)
            }
            return true
        }
        switch timer {
        case housekeeping: checkWaiting(handler)
        case gatherTimer: checkGathering()
        case outgoing.timer: outgoing.setTimer(nil)
        case incoming.timer: incoming.setTimer(nil)
        case acceptTimer:
            acceptTimer = nil
            for token in listeners.keys { reactor.watch(token, .readable) }
        default: return false
        }
        return true
    }

    /// Writes what the tick produced. To be called at its end.
    public func flush<H: TransportHandler>(_ handler: H) {
        resumePostponed()
        serveLines()
        // A resumed read may produce messages, and those may produce writes, and these may go on if nobody else waits.
        while !resumed.isEmpty || !dirty.isEmpty {
            let reading = resumed
            resumed = []
            for connection in reading {
                drainDecoder(connection, handler)
                count(connection)
            }
            let writing = dirty
            dirty = []
            for connection in writing {
                connection.isDirty = false
                write(connection, handler)
            }
            serveLines()
        }
        awaitTokens()
    }

    func updateInterest(_ connection: Connection) {
        reactor.watch(Token(connection.id), connection.interest)
    }

    func find(_ id: ConnectionID) -> Connection? {
        let token = Token(id)
        guard let connection = connections[token.slot], connection.id == id else { return nil }
        return connection
    }
}
