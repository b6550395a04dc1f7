import Content
import Posix
import Reactor
import Wire

/// The way in: from the socket into messages, or straight into a piece's buffer.
extension Transport {
    /// Reads the raw bytes that follow the `piece` frame just received into `piece.buffer`.
    public func receive(_ piece: IncomingPiece, on id: ConnectionID) {
        guard let connection = find(id) else { return }
        connection.reading = .piece(piece, filled: 0)
        connection.carriesPieces = true
        readAgain(connection)
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
        let wasHeldBack = connection.isHeldBack
        connection.reading = .discarding(remaining: length)
        if wasHeldBack { readAgain(connection) }
    }

    /// Passes over what is still to come of the piece that is being received.
    /// - Returns: the piece, whose buffer is to be given back; nil if there is none.
    public func passOver(_ id: ConnectionID) -> IncomingPiece? {
        guard let connection = find(id), case .piece(let piece, let filled) = connection.reading else { return nil }
        connection.reading = .discarding(remaining: piece.length - filled)
        readAgain(connection)
        return piece
    }

    private func readAgain(_ connection: Connection) {
        updateInterest(connection)
        // What the decoder holds already is taken when the connection is next read, at the latest in the next tick.
        if connection.decoder.buffered > 0 { resumed.append(connection) }
    }

    func read<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        // What came before goes before: a piece that got its buffer late begins with what the decoder holds.
        if connection.isInPiece, connection.decoder.buffered > 0 { drainDecoder(connection, handler) }
        var budget = limits.bytesPerTick
        do throws(SystemError) {
            defer {
                checkUnfinished(connection, handler)
                endReading(connection)
                gather(connection, after: limits.bytesPerTick - budget)
            }
            while budget > 0, connection.state == .open, !connection.isPostponed {
                let allowed = readingBudget(connection, atMost: budget)
                guard allowed > 0 else { return }
                let (wanted, answer) = try readOnce(connection, atMost: allowed)
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
    /// - Parameter limit: bytes of pieces.
    private func readOnce(
        _ connection: Connection, atMost limit: Int
    ) throws(SystemError) -> (wanted: Int, Transferred) {
        switch connection.reading {
        case .awaitingBuffer: return (0, .wouldBlock)
        case .frames:
            let isHeader = connection.carriesPieces && connection.decoder.buffered == 0
            let part = isHeader ? headerScratch : scratch
            return (part.count, try StreamIO.read(connection.descriptor, into: part))
        case .discarding:
            let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(limit, scratch.count)])
            return (part.count, try StreamIO.read(connection.descriptor, into: part))
        case .piece(let piece, let filled):
            guard piece.length - filled <= limit else {
                let part = piece.rest(after: filled, atMost: limit)
                return (limit, try StreamIO.read(connection.descriptor, into: part))
            }
            let rest = piece.rest(after: filled)
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
        tookPieceBytes(count, on: connection)
        let isWhole = filled + count == piece.length
        connection.reading = isWhole ? .frames : .piece(piece, filled: filled + count)
        handler.progressed(connection.id, bytes: count)
        if isWhole { handler.receivedPiece(piece, on: connection.id) }
    }

    /// Handles everything whole that the decoder holds.
    func drainDecoder<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        while connection.state == .open {
            switch connection.reading {
            case .awaitingBuffer: return
            case .discarding(let remaining):
                let taken = connection.decoder.dropRaw(remaining)
                if taken > 0 {
                    tookPieceBytes(taken, on: connection)
                    handler.progressed(connection.id, bytes: taken)
                }
                connection.reading = taken == remaining ? .frames : .discarding(remaining: remaining - taken)
                if taken < remaining { return }
            case .piece(let piece, let filled):
                let rest = piece.rest(after: filled)
                let count = connection.decoder.takeRaw(into: rest)
                guard count > 0 else { return }
                filledPiece(piece, filled: filled, by: count, connection, handler)
            case .frames:
                guard connection.handled(inTick: reactor.now) < limits.messagesPerTick, mayHandleMessage else {
                    // More whole frames than one tick may take: the rest wait, and so does the socket.
                    return postpone(connection)
                }
                guard deliverNext(connection, handler) else { return }
                messagesLeft.count -= 1
            }
        }
    }

    /// - Returns: false when there is no whole message.
    private func deliverNext<H: TransportHandler>(_ connection: Connection, _ handler: H) -> Bool {
        do throws(WireError) {
            guard let message = try connection.decoder.next() else { return false }
            connection.handledOne(inTick: reactor.now)
            handler.received(message, on: connection.id)
            return true
        } catch {
            handler.violated(connection.id, from: connection.address, reason: "sent \(error)")
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
        // Whoever came away with nothing goes first in the next tick.
        if connection.handled(inTick: reactor.now) == 0 {
            postponedFirst.append(connection)
        } else {
            postponed.append(connection)
        }
        reactor.tickAgain()
    }

    func resumePostponed() {
        let waiting = postponedFirst + postponed
        (postponedFirst, postponed) = ([], [])
        for connection in waiting {
            connection.isPostponed = false
            updateInterest(connection)
        }
        resumed += waiting
        _ = mayHandleMessage
        messagesLeft.count += limits.messagesPerTickTotal / 2
    }

    private var mayHandleMessage: Bool {
        if messagesLeft.tick != reactor.now { messagesLeft = (reactor.now, limits.messagesPerTickTotal / 2) }
        return messagesLeft.count > 0
    }
}
