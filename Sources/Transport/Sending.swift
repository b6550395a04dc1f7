import Content
import Posix
import Reactor
import Wire

/// The way out: frames and files into the send queue, and from it to the socket at the end of the tick.
extension Transport {
    /// Messages arrive in the order in which they are sent, but for those that are about chunks asked here: these keep
    /// their place among the pieces, and others go ahead of pieces that have not begun.
    public func send(_ message: Message, on id: ConnectionID) {
        guard let connection = findWithRoom(id) else { return }
        if message.keepsPlace {
            connection.queue.append(ordered: message.encoded)
        } else {
            connection.queue.append(message.encoded)
        }
        count(connection)
        mark(connection)
    }

    /// For what thousands are told at once: where nothing else waits it is written now, which takes a third less of the
    /// daemon's own time than by the queue.
    /// - Parameter encoded: whole frames; the memory is shared with whoever else sends them.
    public func send(encoded: [UInt8], on id: ConnectionID) {
        guard let connection = findWithRoom(id) else { return }
        let sent = connection.queue.isEmpty && !connection.isBlocked ? sendNow(encoded, on: connection) : 0
        guard sent < encoded.count else { return }
        connection.queue.append(sent == 0 ? encoded : Array(encoded[sent...]))
        count(connection)
        mark(connection)
    }

    /// - Returns: bytes that the socket took. An error shows again when the rest is written.
    private func sendNow(_ bytes: [UInt8], on connection: Connection) -> Int {
        let answer = bytes.withUnsafeBytes { try? StreamIO.send(connection.descriptor, $0) }
        guard case .bytes(let count) = answer else { return 0 }
        connection.wrote(connection.written(inTick: reactor.now) + count, inTick: reactor.now)
        return count
    }

    /// The connection, if it is open and its queue has not passed its cap. Past the cap nothing more is kept, or even
    /// encoded: small requests for large answers must not fill the memory, or the time, of a tick.
    private func findWithRoom(_ id: ConnectionID) -> Connection? {
        guard let connection = find(id), connection.state == .open else { return nil }
        let frameBytes = connection.queue.frameBytes
        let hasShare = queuedBytes <= limits.queueTotalMax || frameBytes <= limits.queueShare
        if frameBytes <= limits.queueMax, hasShare { return connection }
        connection.isOverfull = true
        mark(connection)
        return nil
    }

    /// Queues a piece: its header, and its bytes straight from the file.
    public func send(piece index: Int, of file: OpenFile, offset: UInt64, length: Int, on id: ConnectionID) {
        guard let connection = find(id), connection.state == .open else { return }
        connection.queue.append(
            Message.piece(index: index, length: length).encoded, then: file, offset: offset, count: length)
        mark(connection)
    }

    /// Queues pieces with their headers and ends, as they are; all of it counts as bytes of files.
    public func send(pieces frames: [UInt8], on id: ConnectionID) {
        guard let connection = find(id), connection.state == .open else { return }
        connection.queue.append(pieces: frames)
        mark(connection)
    }

    /// Keeps a place behind the pieces queued so far; the handler is asked for the message (`due`) when all of their
    /// bytes are the kernel's.
    public func reserve(on id: ConnectionID) {
        guard let connection = find(id), connection.state == .open else { return }
        connection.queue.appendDue()
        mark(connection)
    }

    /// Whether the connection can take another piece.
    public func hasRoom(_ id: ConnectionID) -> Bool {
        guard let connection = find(id), connection.state == .open else { return false }
        return hasRoom(connection)
    }

    private func hasRoom(_ connection: Connection) -> Bool {
        connection.queue.fileBytes < fileBytesAhead(connection)
    }

    /// Bytes of pieces that may wait in its queue.
    private func fileBytesAhead(_ connection: Connection) -> Int {
        min(limits.fileBytesAhead, connection.isExempt ? .max : outgoing.burst)
    }

    /// Bytes of pieces that have to go out on a connection before it can take another.
    public func fileBytesInTheWay(_ id: ConnectionID) -> Int {
        guard let connection = find(id) else { return 0 }
        return max(0, connection.queue.fileBytes - fileBytesAhead(connection))
    }

    /// What becomes of the pieces that wait to be sent.
    public func outflow(_ id: ConnectionID) -> Outflow {
        guard let connection = find(id), connection.queue.fileBytes > 0 else { return .empty }
        if connection.sending == .waiting { return .limited }
        guard connection.isBlocked else { return .moving }
        connection.lookAtAcknowledgements(at: reactor.now)
        return .blocked(since: Moment(nanoseconds: connection.taken))
    }

    func mark(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    func write<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        guard connection.state != .closed, connection.state != .connecting else { return }
        if connection.isOverfull {
            return fail(connection, "does not read: \(connection.queue.frameBytes) bytes wait for it", handler)
        }
        var (written, fileSent) = (connection.written(inTick: reactor.now), 0)
        let before = written
        do throws(SystemError) {
            let outcome = try drain(connection, &written, &fileSent, handler)
            count(connection)
            connection.wrote(written, inTick: reactor.now)
            if written > before || outcome == .empty { connection.drained = reactor.now }
            sentFileBytes(fileSent, isShort: outcome == .fileBudgetSpent, on: connection)
            settle(connection, outcome, fileSent > 0, handler)
        } catch {
            fail(connection, "\(error)", handler)
        }
    }

    /// Writes what the queue has and the budgets allow, and asks for the messages whose places come.
    private func drain<H: TransportHandler>(
        _ connection: Connection, _ written: inout Int, _ fileSent: inout Int, _ handler: H
    ) throws(SystemError) -> SendQueue.Outcome {
        let fileBudget = sendingBudget(connection)
        while true {
            let outcome = try connection.queue.write(
                to: connection.descriptor, budget: limits.bytesPerTick, fileBudget: fileBudget, written: &written,
                fileSent: &fileSent)
            guard outcome == .due else { return outcome }
            // Nobody hears of a connection that is closing.
            let message = connection.state == .open ? handler.due(connection.id) : nil
            connection.queue.fill(message?.encoded)
            // What the handler did with the message may have ended the connection.
            if connection.state == .closed { return .empty }
        }
    }

    private func settle<H: TransportHandler>(
        _ connection: Connection, _ outcome: SendQueue.Outcome, _ sentFile: Bool, _ handler: H
    ) {
        guard connection.state != .closed else { return }
        switch outcome {
        case .truncated:
            if let file = connection.queue.currentFile { handler.truncated(file) }
            return fail(connection, "a file became shorter while it was sent", handler)
        case .empty, .due, .fileBudgetSpent:
            connection.isBlocked = false
            if connection.queue.isEmpty, case .closing = connection.state { return end(connection) }
        case .budgetSpent, .wouldBlock:
            connection.isBlocked = true
            wait(for: connection)
        }
        updateInterest(connection)
        if sentFile { wait(for: connection) }
        if sentFile, connection.state == .open, hasRoom(connection) { handler.hasRoom(connection.id) }
    }

    func wait(for connection: Connection) {
        if waiting.insert(connection.id).inserted {
            (connection.drained, connection.waitsSince) = (reactor.now, reactor.now)
        }
        if !connection.isPatient {
            connection.isPatient = true
            TCPSocket.waitForWindow(connection.descriptor)
        }
        if housekeeping == nil { housekeeping = reactor.setTimer(at: reactor.now + Span.seconds(1).nanoseconds) }
    }

    /// Whether too much waits for all together, and something for this one for too long.
    private func isTooSlow(_ connection: Connection) -> Bool {
        guard let span = limits.queueSpan, queuedBytes > limits.queueTotalMax else { return false }
        return connection.queue.frameBytes > 0 && connection.waitsSince + span.nanoseconds <= reactor.now
    }

    func checkWaiting<H: TransportHandler>(_ handler: H) {
        housekeeping = nil
        for id in waiting {
            guard let connection = find(id) else { continue }
            connection.lookAtAcknowledgements(at: reactor.now)
            if !connection.isBlocked, connection.hasArrived {
                waiting.remove(id)
                connection.isPatient = false
                TCPSocket.endWhenSilent(connection.descriptor, seconds: Int32(limits.silence.seconds))
                continue
            }
            switch connection.state {
            case .closing(let deadline): if deadline <= reactor.now { end(connection) }
            case .open:
                if connection.taken + limits.drain.nanoseconds <= reactor.now {
                    fail(connection, "read nothing for \(Int(limits.drain.seconds)) s", handler)
                } else if isTooSlow(connection) {
                    fail(connection, "reads too slowly: \(connection.queue.frameBytes) bytes wait for it", handler)
                }
            case .connecting, .closed: break
            }
        }
        if !waiting.isEmpty { housekeeping = reactor.setTimer(at: reactor.now + Span.seconds(1).nanoseconds) }
    }
}

/// How the pieces that wait on a connection get on.
public enum Outflow: Equatable, Sendable {
    /// None wait.
    case empty
    /// They go out in this tick or the next.
    case moving
    /// The rate limit holds them back.
    case limited
    /// The socket is full; the other end was last seen to take a byte at that time.
    case blocked(since: Moment)
}

extension Message {
    /// It says something of the pieces around it.
    fileprivate var keepsPlace: Bool {
        switch self {
        case .piece, .endOfChunk, .busy: true
        case .hello, .refused, .newPeer, .leftPeer, .pong, .rosterRequest, .welcome, .rosterSnapshot, .rosterDelta,
            .ping, .req, .have, .notHave, .hashesRequest, .hashes, .noHashes, .chunk, .cancel, .nowHave, .introduce:
            false
        }
    }
}
