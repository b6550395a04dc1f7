import Content
import PeerCore
import Transport
import Wire

/// Who has waited too long, and who makes nothing of its slot.
extension Uploads {
    /// Takes slots from those who make nothing of them, and sends away whoever has waited too long.
    func sweep(_ transport: PeerTransport, _ owner: some UploadsOwner) {
        isSweepAwaited = false
        meter.read(transport.fileBytesSent, at: owner.now, every: policy.measure)
        turns.setTurnBytes(policy.turnBytes(at: meter.bytesPerSecond))
        let idle = turns.current.filter { isIdle($0.connection, since: $0.since, transport, owner.now) }
        if turns.waitingCount > 0 { for turn in idle { turns.forfeit(turn.connection, at: owner.now) } }
        serveNext(transport, owner)
        for connection in turns.hurry(at: owner.now) { pump(connection, transport, owner) }
        // From the end of the line, so that each is told how many are before it.
        for connection in turns.overdue(at: owner.now).reversed() { sendAway(connection, transport, owner) }
        for turn in idle { pump(turn.connection, transport, owner) }
    }

    private func isIdle(
        _ connection: ConnectionID, since: Moment, _ transport: PeerTransport, _ now: Moment
    ) -> Bool {
        switch transport.outflow(connection) {
        case .limited: false
        case .blocked(let blocked): blocked + policy.stuck <= now || since + policy.turnMax <= now
        case .empty, .moving: since + policy.turnMax <= now
        }
    }

    func awaitSweep(_ transport: PeerTransport, _ owner: some UploadsOwner) {
        guard !isSweepAwaited, turns.waitingCount > 0 else { return }
        isSweepAwaited = true
        meter.begin(transport.fileBytesSent, at: owner.now, after: policy.measureAgain)
        owner.sweepUploads(at: owner.now + policy.sweep)
    }

    /// Tells a requester to ask again later, for all of its chunks.
    func sendAway(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        let retry = retryAfter(transport)
        turns.sendAway(connection, at: owner.now, until: owner.now + .milliseconds(UInt64(retry)))
        while let upload = queues[connection]?.uploads.first {
            end(upload.ending ?? .busy(retryAfter: retry), on: connection, transport)
        }
    }

    /// Milliseconds until a slot is free for the last in line, by what goes out now: the first gets it when a piece has gone
    /// out, and should stand there by then, since it is lost to whoever has it if nobody does.
    private func retryAfter(_ transport: PeerTransport) -> UInt32 {
        var span = policy.retryUnknown
        if let rate = meter.bytesPerSecond {
            let served = turns.current.map {
                transport.fileBytesInTheWay($0.connection) + turns.leftOfTurn($0.connection)
            }
            let before = Double(max(0, turns.waitingCount - 1)) * Double(turns.turnBytes)
            let seconds = (Double((served.min() ?? 0) * served.count) + before) / max(1, rate)
            span = Span(seconds: max(0, seconds - policy.patience.seconds / 2))
        }
        return UInt32(clamping: min(max(span, policy.retryMin), policy.retryMax).nanoseconds / 1_000_000)
    }
}
