import Content
import Posix
import Reactor
import Wire

/// The connections of one daemon on its reactor: it dials, accepts, cuts bytes into messages, and drains send queues.
///
/// Data goes one way: socket -> decoder -> handler, and handler -> send queue -> socket. What is sent during a tick is
/// written at its end, in one go a connection.
///
/// Invariant: no connection reads or writes more than its budget in a tick, or queues more than its cap.
public final class Transport<Completion: Sendable> {
    private let reactor: Reactor<Completion>
    private let limits: TransportLimits
    private var connections: [UInt32: Connection] = [:]
    private var listeners: [Token: DescriptorBox] = [:]
    private var dirty: [Connection] = []
    /// Connections with bytes in their decoders that no event will announce.
    private var resumed: [Connection] = []
    /// Connections with more whole frames than a tick may handle.
    private var postponed: [Connection] = []
    /// Connections whose socket is full, or which are closing.
    private var waiting: Set<ConnectionID> = []
    private var housekeeping: TimerID?
    private var acceptTimer: TimerID?
    private var dialTimers: [TimerID: ConnectionID] = [:]
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 4096)
    private let headerScratch: UnsafeMutableRawBufferPointer

    /// File bytes since the start.
    public private(set) var fileBytesSent: UInt64 = 0
    public private(set) var pieceBytesReceived: UInt64 = 0

    public init(reactor: Reactor<Completion>, limits: TransportLimits) {
        self.reactor = reactor
        self.limits = limits
        // Behind a piece comes at most the next piece's header: reading more would only be copied into its buffer.
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

    private func register(
        _ socket: consuming FileDescriptor, _ address: PeerAddress, _ state: Connection.State
    ) throws(SystemError) -> Connection {
        let token = try reactor.register(socket.rawValue, state == .connecting ? .writable : .readable)
        let connection = Connection(id: ConnectionID(token), address: address, socket: socket, state: state)
        connections[token.slot] = connection
        return connection
    }

    // MARK: Sending

    public func send(_ message: Message, on id: ConnectionID) {
        send(encoded: message.encoded, on: id)
    }

    /// - Parameter encoded: whole frames; the memory is shared with whoever else sends them.
    public func send(encoded: [UInt8], on id: ConnectionID) {
        guard let connection = find(id), connection.state == .open else { return }
        // Past the cap nothing more is kept; the next write finds out whether the other end reads at all.
        if connection.queue.frameBytes <= limits.queueMax {
            connection.queue.append(encoded)
        } else {
            connection.isOverfull = true
        }
        mark(connection)
    }

    /// Queues a piece: its header, and its bytes straight from the file.
    public func send(piece index: Int, of file: OpenFile, offset: UInt64, length: Int, on id: ConnectionID) {
        guard let connection = find(id), connection.state == .open else { return }
        connection.queue.append(Message.piece(index: index, length: length).encoded)
        connection.queue.append(file, offset: offset, count: length)
        mark(connection)
    }

    /// Whether the connection can take another piece.
    public func hasRoom(_ id: ConnectionID) -> Bool {
        guard let connection = find(id), connection.state == .open else { return false }
        return connection.queue.fileBytes < limits.fileBytesAhead
    }

    private func mark(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    // MARK: Receiving pieces

    /// Reads the raw bytes that follow the `piece` frame just received into `piece.buffer`.
    public func receive(_ piece: IncomingPiece, on id: ConnectionID) {
        guard let connection = find(id) else { return }
        connection.reading = .piece(piece, filled: 0)
        // What the decoder holds already is taken when the connection is next read, at the latest in the next tick.
        updateInterest(connection)
        if connection.decoder.buffered > 0 { resumed.append(connection) }
    }

    /// Reads nothing until `receive` or `discard`.
    public func pause(_ id: ConnectionID) {
        guard let connection = find(id) else { return }
        connection.reading = .awaitingBuffer
        updateInterest(connection)
    }

    /// Passes over the raw bytes that follow.
    public func discard(_ length: Int, on id: ConnectionID) {
        guard let connection = find(id) else { return }
        connection.reading = .discarding(remaining: length)
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

    private func end(_ connection: Connection) {
        guard connection.state != .closed else { return }
        connection.state = .closed
        waiting.remove(connection.id)
        if let timer = connection.dialTimer {
            reactor.cancelTimer(timer)
            dialTimers[timer] = nil
        }
        let token = Token(connection.id)
        connections[token.slot] = nil
        reactor.close(token, connection.takeSocket())
    }

    private func takePiece(_ connection: Connection) -> IncomingPiece? {
        defer { connection.reading = .frames }
        if case .piece(let piece, _) = connection.reading { return piece }
        return nil
    }

    private func fail<H: TransportHandler>(_ connection: Connection, _ reason: String, _ handler: H) {
        guard connection.state != .closed else { return }
        let wasOpen = connection.state == .open
        let unfinished = takePiece(connection)
        end(connection)
        if wasOpen { handler.closed(connection.id, reason: reason, unfinished: unfinished) }
    }

    // MARK: Events

    /// - Returns: false for a token that is not this transport's.
    public func ready<H: TransportHandler>(_ token: Token, _ mask: EventPoll.Mask, _ handler: H) -> Bool {
        if let listener = listeners[token] {
            accept(listener.rawValue, token, handler)
            return true
        }
        guard let connection = connections[token.slot], connection.id == ConnectionID(token) else { return false }
        switch connection.state {
        case .connecting: finishDial(connection, handler)
        case .open:
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
        // A resumed read may produce messages, and those may produce writes.
        while !resumed.isEmpty || !dirty.isEmpty {
            let reading = resumed
            resumed = []
            for connection in reading { drainDecoder(connection, handler) }
            let writing = dirty
            dirty = []
            for connection in writing {
                connection.isDirty = false
                write(connection, handler)
            }
        }
    }

    // MARK: Accepting and dialing

    private func accept<H: TransportHandler>(_ listener: Int32, _ token: Token, _ handler: H) {
        for _ in 0..<limits.acceptsPerTick {
            do throws(SystemError) {
                guard let accepted = try TCPSocket.accept(listener) else { return }
                let address = PeerAddress(accepted.address)
                let connection = try register(accepted.takeDescriptor(), address, .open)
                handler.accepted(connection.id, from: address)
            } catch {
                // Out of descriptors or memory: those who wait stay in the backlog until there is room again.
                reactor.watch(token, [])
                if acceptTimer == nil {
                    acceptTimer = reactor.setTimer(at: reactor.now + limits.acceptPause.nanoseconds)
                }
                return
            }
        }
    }

    private func finishDial<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        if let error = TCPSocket.connectError(connection.descriptor, to: SocketAddress(connection.address)) {
            return endDial(connection, "\(error)", handler)
        }
        if let timer = connection.dialTimer {
            reactor.cancelTimer(timer)
            dialTimers[timer] = nil
            connection.dialTimer = nil
        }
        connection.state = .open
        updateInterest(connection)
        handler.dialed(connection.id, failure: nil)
    }

    private func endDial<H: TransportHandler>(_ connection: Connection, _ reason: String, _ handler: H) {
        end(connection)
        handler.dialed(connection.id, failure: reason)
    }

    // MARK: Reading

    private func read<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        var budget = limits.bytesPerTick
        do throws(SystemError) {
            while budget > 0, connection.state == .open, !connection.isPostponed {
                let (wanted, answer) = try readOnce(connection)
                switch answer {
                case .wouldBlock: return
                case .endOfStream: return fail(connection, "closed by the other end", handler)
                case .bytes(let count):
                    budget -= count
                    took(count, connection, handler)
                    // A short read has emptied the socket; asking again would only say so.
                    if count < wanted { return }
                }
            }
        } catch {
            fail(connection, "\(error)", handler)
        }
    }

    /// Reads into the piece under way if there is one, and beyond it into the scratch.
    private func readOnce(_ connection: Connection) throws(SystemError) -> (wanted: Int, Transferred) {
        switch connection.reading {
        case .awaitingBuffer: return (0, .wouldBlock)
        case .frames, .discarding:
            return (scratch.count, try StreamIO.read(connection.descriptor, into: scratch))
        case .piece(let piece, let filled):
            let rest = UnsafeMutableRawBufferPointer(rebasing: piece.buffer.memory[filled..<piece.length])
            return (
                rest.count + headerScratch.count,
                try StreamIO.read(connection.descriptor, into: rest, then: headerScratch)
            )
        }
    }

    /// Takes `count` bytes that `readOnce` has read.
    private func took<H: TransportHandler>(_ count: Int, _ connection: Connection, _ handler: H) {
        guard case .piece(let piece, let filled) = connection.reading else {
            connection.decoder.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            return drainDecoder(connection, handler)
        }
        let intoPiece = min(count, piece.length - filled)
        if count > intoPiece {
            connection.decoder.append(UnsafeRawBufferPointer(rebasing: headerScratch[..<(count - intoPiece)]))
        }
        filledPiece(piece, filled: filled, by: intoPiece, connection, handler)
        if connection.decoder.buffered > 0 { drainDecoder(connection, handler) }
    }

    private func filledPiece<H: TransportHandler>(
        _ piece: IncomingPiece, filled: Int, by count: Int, _ connection: Connection, _ handler: H
    ) {
        pieceBytesReceived += UInt64(count)
        let isWhole = filled + count == piece.length
        connection.reading = isWhole ? .frames : .piece(piece, filled: filled + count)
        handler.progressed(connection.id, bytes: count)
        if isWhole { handler.receivedPiece(piece, on: connection.id) }
    }

    /// Handles everything whole that the decoder holds.
    private func drainDecoder<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        var messages = 0
        while connection.state == .open {
            switch connection.reading {
            case .awaitingBuffer: return
            case .discarding(let remaining):
                let taken = connection.decoder.dropRaw(remaining)
                connection.reading = taken == remaining ? .frames : .discarding(remaining: remaining - taken)
                if taken < remaining { return }
            case .piece(let piece, let filled):
                let rest = UnsafeMutableRawBufferPointer(rebasing: piece.buffer.memory[filled..<piece.length])
                let count = connection.decoder.takeRaw(into: rest)
                guard count > 0 else { return }
                filledPiece(piece, filled: filled, by: count, connection, handler)
            case .frames:
                guard messages < limits.messagesPerTick else {
                    // More whole frames than one tick may take: the rest wait, and so does the socket.
                    return postpone(connection)
                }
                messages += 1
                guard deliverNext(connection, handler) else { return }
            }
        }
    }

    /// - Returns: false when there is no whole message.
    private func deliverNext<H: TransportHandler>(_ connection: Connection, _ handler: H) -> Bool {
        do throws(WireError) {
            guard let message = try connection.decoder.next() else { return false }
            handler.received(message, on: connection.id)
            return true
        } catch {
            send(.refused(.violation, reason: "\(error)"), on: connection.id)
            let unfinished = close(connection.id)
            handler.closed(connection.id, reason: "sent \(error)", unfinished: unfinished)
            return false
        }
    }

    /// Reads no more of a connection until the next tick has handled what its decoder holds.
    private func postpone(_ connection: Connection) {
        guard !connection.isPostponed else { return }
        connection.isPostponed = true
        updateInterest(connection)
        postponed.append(connection)
        reactor.tickAgain()
    }

    private func resumePostponed() {
        for connection in postponed {
            connection.isPostponed = false
            updateInterest(connection)
        }
        resumed += postponed
        postponed = []
    }

    // MARK: Writing

    private func write<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        guard connection.state != .closed, connection.state != .connecting else { return }
        var (written, fileSent) = (connection.written(inTick: reactor.now), 0)
        let before = written
        if connection.isOverfull {
            return fail(connection, "does not read: \(connection.queue.frameBytes) bytes wait for it", handler)
        }
        do throws(SystemError) {
            let outcome = try connection.queue.write(
                to: connection.descriptor, budget: limits.bytesPerTick, written: &written, fileSent: &fileSent)
            connection.wrote(written, inTick: reactor.now)
            fileBytesSent += UInt64(fileSent)
            if written > before || outcome == .empty { connection.drained = reactor.now }
            settle(connection, outcome, fileSent > 0, handler)
        } catch {
            fail(connection, "\(error)", handler)
        }
    }

    private func settle<H: TransportHandler>(
        _ connection: Connection, _ outcome: SendQueue.Outcome, _ sentFile: Bool, _ handler: H
    ) {
        switch outcome {
        case .truncated:
            if let file = connection.queue.currentFile { handler.truncated(file) }
            return fail(connection, "a file became shorter while it was sent", handler)
        case .empty:
            waiting.remove(connection.id)
            if case .closing = connection.state { return end(connection) }
        case .budgetSpent, .wouldBlock:
            wait(for: connection)
        }
        updateInterest(connection)
        if sentFile, connection.state == .open, connection.queue.fileBytes < limits.fileBytesAhead {
            handler.hasRoom(connection.id)
        }
    }

    private func wait(for connection: Connection) {
        if waiting.insert(connection.id).inserted { connection.drained = reactor.now }
        if housekeeping == nil { housekeeping = reactor.setTimer(at: reactor.now + Span.seconds(1).nanoseconds) }
    }

    private func checkWaiting<H: TransportHandler>(_ handler: H) {
        housekeeping = nil
        for id in waiting {
            guard let connection = find(id) else { continue }
            switch connection.state {
            case .closing(let deadline): if deadline <= reactor.now { end(connection) }
            case .open:
                if connection.drained + limits.drain.nanoseconds <= reactor.now {
                    fail(connection, "read nothing for \(Int(limits.drain.seconds)) s", handler)
                }
            case .connecting, .closed: break
            }
        }
        if !waiting.isEmpty { housekeeping = reactor.setTimer(at: reactor.now + Span.seconds(1).nanoseconds) }
    }

    private func updateInterest(_ connection: Connection) {
        reactor.watch(Token(connection.id), connection.interest)
    }

    private func find(_ id: ConnectionID) -> Connection? {
        let token = Token(id)
        guard let connection = connections[token.slot], connection.id == id else { return nil }
        return connection
    }
}
