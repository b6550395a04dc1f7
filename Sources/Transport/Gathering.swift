import Posix
import Reactor

/// In the middle of a piece that comes fast, a socket gathers bytes before it is said to be readable: else the daemon
/// would be woken for every few segments, which costs both ends a tenth of their time.
///
/// A stream that was fast may become slow, or stop, with less in the kernel than is waited for. So one timer looks
/// after those that gather and have not been read for a while; nobody takes a slow holder for a silent one.
extension Transport {
    /// To be called when a connection has been read.
    /// - Parameter count: bytes that it brought in this tick.
    func gather(_ connection: Connection, after count: Int) {
        var threshold = 1
        // A limit reads in shares of its own size.
        if case .piece(let piece, let filled) = connection.reading, count >= TransportLimits.gatherFrom,
            !incoming.isLimited || connection.isExempt
        {
            threshold = max(1, min(piece.length - filled, TransportLimits.gatherMax))
        }
        connection.lastRead = reactor.now
        setThreshold(threshold, of: connection)
    }

    private func setThreshold(_ bytes: Int, of connection: Connection) {
        guard bytes != connection.threshold else { return }
        connection.threshold = bytes
        TCPSocket.setReadThreshold(connection.descriptor, bytes: Int32(bytes))
        guard bytes > 1 else { return }
        gathering.insert(connection.id)
        awaitGathering()
    }

    private func awaitGathering() {
        guard gatherTimer == nil, !gathering.isEmpty else { return }
        gatherTimer = reactor.setTimer(at: reactor.now + TransportLimits.gatherSpan.nanoseconds)
    }

    func checkGathering() {
        gatherTimer = nil
        for id in gathering {
            guard let connection = find(id), connection.threshold > 1 else {
                gathering.remove(id)
                continue
            }
            guard connection.lastRead + TransportLimits.gatherSpan.nanoseconds <= reactor.now else { continue }
            setThreshold(1, of: connection)
            gathering.remove(id)
        }
        awaitGathering()
    }
}
