import Content
import Posix
import Reactor
import Wire

/// The way out: frames and files into the send queue, and from it to the socket at the end of the tick.
extension Transport {
    public func send(_ message: Message, on id: ConnectionID) {
        guard let connection = findWithRoom(id) else { return }
        connection.queue.append(message.encoded)
        mark(connection)
    }

    /// - Parameter encoded: whole frames; the memory is shared with whoever else sends them.
    public func send(encoded: [UInt8], on id: ConnectionID) {
        guard let connection = findWithRoom(id) else { return }
        connection.queue.append(encoded)
        mark(connection)
    }

    /// The connection, if it is open and its queue has not passed its cap. Past the cap nothing more is kept, or even
    /// encoded: small requests for large answers must not fill the memory, or the time, of a tick.
    private func findWithRoom(_ id: ConnectionID) -> Connection? {
        guard let connection = find(id), connection.state == .open else { return nil }
        if connection.queue.frameBytes <= limits.queueMax { return connection }
        connection.isOverfull = true
        mark(connection)
        return nil
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

    func mark(_ connection: Connection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    func write<H: TransportHandler>(_ connection: Connection, _ handler: H) {
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

    func wait(for connection: Connection) {
        if waiting.insert(connection.id).inserted { connection.drained = reactor.now }
        if housekeeping == nil { housekeeping = reactor.setTimer(at: reactor.now + Span.seconds(1).nanoseconds) }
    }

    func checkWaiting<H: TransportHandler>(_ handler: H) {
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
}
