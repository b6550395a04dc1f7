import Posix
import Reactor

/// In the middle of a piece a socket gathers what comes in a few milliseconds before it is said to be readable: else the
/// daemon would be woken for every segment or two, which costs the ends of a fast stream a tenth of their time, and a slow
/// stream over a network several times what its bytes cost.
///
/// A stream may become slower, or stop, with less in the kernel than is waited for. So one timer looks after those that
/// gather and have not been read for a while; nobody takes a slow holder for a silent one.
extension Transport {
    /// To be called when a connection has been read.
    /// - Parameter count: bytes that it brought in this tick.
    func gather(_ connection: Connection, after count: Int) {
        var threshold = 1
        // A limit reads in shares of its own size.
        if case .piece(let piece, let filled) = connection.reading, !incoming.isLimited || connection.isExempt {
            let elapsed = max(1, reactor.now - min(connection.lastRead, reactor.now))
            threshold = max(1, min(piece.length - filled, Transport.gathered(count, in: elapsed)))
        }
        connection.lastRead = reactor.now
        setThreshold(threshold, of: connection)
    }

    /// What will come in the time that a stream may gather for, to a power of two, so that the threshold is seldom set
    /// anew.
    private static func gathered(_ count: Int, in elapsed: UInt64) -> Int {
        let expected = Double(count) * Double(TransportLimits.gatherLatency.nanoseconds) / Double(elapsed)
        guard expected >= Double(TransportLimits.gatherMin) else { return 1 }
        let bounded = Int(min(expected, Double(TransportLimits.gatherMax)))
        return 1 << (Int.bitWidth - 1 - bounded.leadingZeroBitCount)
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
