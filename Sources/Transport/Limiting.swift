import Content
import Posix
import Reactor

/// The rate limits: who may send and read how much now.
///
/// File data passes in shares. A connection that has used its own up goes to the end of its direction's line; the line
/// is served in the tick in which there is something to hand out, and one timer sees to it that there is such a tick.
/// Frames always pass.
extension Transport {
    /// Changes the limits of all connections, also of those in the middle of a piece.
    public func setRates(_ new: RateLimits) {
        rates = new
        let freed = outgoing.setRate(new.upload, at: reactor.now) + incoming.setRate(new.download, at: reactor.now)
        for id in freed { find(id).map(free) }
        for connection in connections.values {
            connection.isExempt = new.exempts(connection.address)
            if connection.isExempt { free(connection) }
            fitBuffer(connection)
        }
        // What was waited for by the old rate may be there sooner by the new one.
        for timer in [outgoing.timer, incoming.timer].compactMap(\.self) { reactor.cancelTimer(timer) }
        outgoing.setTimer(nil)
        incoming.setTimer(nil)
        reactor.tickAgain()
    }

    /// What is taken in ahead on a connection fits the rate at which it is read.
    func fitBuffer(_ connection: Connection) {
        let bytes = TransportLimits.ahead(of: connection.isExempt ? nil : incoming.rate)
        guard bytes != nil || connection.hasSmallBuffer else { return }
        connection.hasSmallBuffer = bytes != nil
        TCPSocket.setReceiveBuffer(connection.descriptor, bytes: bytes.map { Int32(clamping: $0) })
    }

    /// Lets a connection that may have stood in line go on. Its place there means nothing any more.
    private func free(_ connection: Connection) {
        if connection.sending == .waiting {
            connection.sending = .granted(0)
            mark(connection)
        }
        if connection.receiving == .waiting {
            connection.receiving = .granted(0)
            updateInterest(connection)
        }
    }

    // MARK: Sending

    /// File bytes that may go out on a connection now.
    func sendingBudget(_ connection: Connection) -> Int {
        guard outgoing.isLimited, !connection.isExempt else { return .max }
        switch connection.sending {
        case .granted(let bytes): return bytes
        case .waiting: return 0
        }
    }

    /// - Parameter isShort: more would have gone out.
    func sentFileBytes(_ count: Int, isShort: Bool, on connection: Connection) {
        fileBytesSent += UInt64(count)
        guard outgoing.isLimited, !connection.isExempt, case .granted(let bytes) = connection.sending else { return }
        outgoing.giveBack(bytes - count)
        connection.sending = isShort ? .waiting : .granted(0)
        if isShort { outgoing.join(connection.id, of: connection.party) }
    }

    // MARK: Receiving

    /// Bytes that may be read from a connection now, at most `budget`; with 0 it has been put in line.
    func readingBudget(_ connection: Connection, atMost budget: Int) -> Int {
        guard incoming.isLimited, !connection.isExempt, connection.isInPiece else { return budget }
        switch connection.receiving {
        case .granted(let bytes) where bytes > 0: return min(bytes, budget)
        case .granted:
            connection.receiving = .waiting
            incoming.join(connection.id, of: connection.party)
            updateInterest(connection)
            return 0
        case .waiting: return 0
        }
    }

    /// Bytes of a piece came in, granted or because they lay behind a frame that was read.
    func tookPieceBytes(_ count: Int, on connection: Connection) {
        guard incoming.isLimited, !connection.isExempt else { return }
        guard case .granted(let bytes) = connection.receiving else { return incoming.spend(count) }
        let covered = min(bytes, count)
        connection.receiving = .granted(bytes - covered)
        incoming.spend(count - covered)
    }

    /// What a connection has left of its share when its piece is whole is for others. In the middle of a piece it keeps
    /// it, since more of it is on its way.
    func endReading(_ connection: Connection) {
        guard !connection.isInPiece, case .granted(let bytes) = connection.receiving, bytes > 0 else { return }
        incoming.giveBack(bytes)
        connection.receiving = .granted(0)
    }

    /// A connection that is gone keeps nothing that others wait for.
    func endPassage(_ connection: Connection) {
        if case .granted(let bytes) = connection.sending { outgoing.giveBack(bytes) }
        if case .granted(let bytes) = connection.receiving { incoming.giveBack(bytes) }
        (connection.sending, connection.receiving) = (.granted(0), .granted(0))
    }

    // MARK: The lines

    /// Hands out what there is to those who wait.
    func serveLines() {
        while let (id, share) = outgoing.next(at: reactor.now) {
            guard let connection = find(id), connection.sending == .waiting else {
                outgoing.giveBack(share)
                continue
            }
            connection.sending = .granted(share)
            mark(connection)
        }
        while let (id, share) = incoming.next(at: reactor.now) {
            guard let connection = find(id), connection.receiving == .waiting else {
                incoming.giveBack(share)
                continue
            }
            connection.receiving = .granted(share)
            updateInterest(connection)
        }
    }

    /// Sets the timers of the lines that are left.
    func awaitTokens() {
        if let moment = outgoing.wake(at: reactor.now) { outgoing.setTimer(reactor.setTimer(at: moment)) }
        if let moment = incoming.wake(at: reactor.now) { incoming.setTimer(reactor.setTimer(at: moment)) }
    }
}
