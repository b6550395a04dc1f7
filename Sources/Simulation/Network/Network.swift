import Content
import PeerCore
import Wire

/// How what is sent comes to the other end, or does not.
extension World {
    /// A socket that nothing has been taken from for so long is closed.
    private static let drain = Span.seconds(30)
    private static let dialPatience = Span.seconds(5)

    private func latency() -> Span {
        let least = scenario.latency.nanoseconds
        let jitter: UInt64 = scenario.has(.farApart) ? 400_000_000 : 1_000_000
        return draws.span(Span(nanoseconds: least)...Span(nanoseconds: 2 * least + jitter))
    }

    // MARK: Dialing

    func dial(_ target: Dial, from host: Host) {
        let node =
            switch target {
            case .manager: 0
            case .peer(_, let address): Host.node(at: address)
            }
        if case .manager = target, canary == .neverRetry {
            guard !host.hasDialedManager else { return }
            host.hasDialedManager = true
        }
        if isFaulty || !isInCore(host.node) || !isInCore(node), scenario.has(.lostDials),
            draws.chance(scenario.chances.lostDial)
        {
            count("lost dial")
            return plan(
                .dialFailed(host.life, target, reason: "lost"), in: draws.span(.milliseconds(1)...World.dialPatience))
        }
        plan(.knock(host.life, target, node: node), in: latency())
    }

    func knock(_ life: Life, _ target: Dial, _ node: Int) {
        guard let dialer = host(life), let listener = hosts.indices.contains(node) ? hosts[node] : nil else { return }
        guard !routes.isBlocked(life.node, node), !routes.isBlocked(node, life.node), !listener.isDark else {
            return plan(.dialFailed(life, target, reason: "timed out"), in: World.dialPatience)
        }
        guard listener.isUp else { return plan(.dialFailed(life, target, reason: "refused"), in: latency()) }
        lastPipe += 1
        let pipe = Pipe(
            serial: lastPipe, dialer: .init(life: life, connection: newConnection(of: dialer, 2 * lastPipe)),
            listener: .init(life: listener.life, connection: newConnection(of: listener, 2 * lastPipe + 1)))
        let back = latency()
        pipe.streams[1].hold(until: now + back)
        plan(.dialed(pipe, target), in: back)
        handle(.accepted(pipe))
    }

    /// The manager connects back to a peer. Only what comes of it is simulated, not the connection itself.
    func probe(_ connection: ConnectionID, _ address: PeerAddress) {
        let node = Host.node(at: address)
        guard hosts.indices.contains(node) else { return }
        let isReached = !routes.isBlocked(0, node) && !routes.isBlocked(node, 0) && !hosts[node].isPaused
        guard isReached, !hosts[node].isDark else {
            return plan(.probed(manager.life, connection, failure: "timed out"), in: World.dialPatience)
        }
        let back = Span(nanoseconds: latency().nanoseconds + latency().nanoseconds)
        plan(.probed(manager.life, connection, failure: hosts[node].isUp ? nil : "refused"), in: back)
    }

    /// With `Canary.forgetGeneration` a number is used again as soon as it is free.
    private func newConnection(of host: Host, _ number: Int) -> ConnectionID {
        host.reusable.popLast() ?? ConnectionID(rawValue: UInt64(number))
    }

    func accepted(_ pipe: Pipe) {
        open(pipe, 1)
        let from = PeerAddress(ipv4: 0x7F00_0001, port: UInt16(40_000 + pipe.serial % 20_000))
        if let peer = peer(pipe.ends[1].life.node) {
            feed(.accepted(pipe.ends[1].connection, from: from), to: peer)
        } else {
            feed(.connected(pipe.ends[1].connection, from: from))
        }
        arrival(pipe, from: 0)
    }

    func dialed(_ pipe: Pipe, _ target: Dial) {
        open(pipe, 0)
        if let peer = peer(pipe.ends[0].life.node) { feed(.dialed(target, pipe.ends[0].connection), to: peer) }
        arrival(pipe, from: 1)
    }

    private func open(_ pipe: Pipe, _ side: Pipe.Side) {
        pipe.ends[side].isOpen = true
        checkers.generations.began(pipe.ends[side].connection, pipe.ends[side].life)
        hosts[pipe.ends[side].life.node].links[pipe.ends[side].connection] = (pipe, side)
    }

    // MARK: Sending

    /// Sends frames, behind the piece that is going out on that connection.
    func send(_ item: Stream.Item, on connection: ConnectionID, of host: Host) {
        guard let (pipe, side) = host.links[connection] else { return }
        if pipe.streams[side].isMidPiece {
            pipe.streams[side].waiting.append(item)
        } else {
            transmit(item, pipe, side)
        }
    }

    func transmit(_ item: Stream.Item, _ pipe: Pipe, _ side: Pipe.Side) {
        pipe.streams[side].append(item, due: now + latency())
        planArrival(pipe, from: side)
    }

    private func planArrival(_ pipe: Pipe, from side: Pipe.Side) {
        guard !pipe.streams[side].isPlanned, let due = pipe.streams[side].next else { return }
        pipe.streams[side].isPlanned = true
        queue.plan(.arrival(pipe, from: side), at: max(now, due))
    }

    // MARK: Arriving

    func arrival(_ pipe: Pipe, from side: Pipe.Side) {
        pipe.streams[side].isPlanned = false
        let (from, to) = (pipe.ends[side].life.node, pipe.ends[1 - side].life.node)
        if hosts[to].isUp, hosts[to].number != pipe.ends[1 - side].life.number {
            // It was started again and knows of no such connection.
            return lose(pipe, side, "reset")
        }
        guard !routes.isBlocked(from, to), !hosts[to].isPaused, !hosts[to].isDark, !pipe.streams[side].isStopped
        else {
            return beStuck(pipe, side)
        }
        pipe.streams[side].stuck = nil
        while !pipe.streams[side].isStopped, violation == nil, isReading(pipe, side),
            let item = pipe.streams[side].pop(until: now)
        {
            deliver(item, pipe, side)
        }
        if isReading(pipe, side), !pipe.streams[side].isStopped { planArrival(pipe, from: side) }
    }

    private func isReading(_ pipe: Pipe, _ side: Pipe.Side) -> Bool {
        if pipe.ends[1 - side].isOpen { return true }
        // The listening end is told before the dialing one; what comes in between waits.
        return canary == .forgetGeneration && host(pipe.ends[1 - side].life) != nil
    }

    /// Nothing comes through. What is looked at again: whether the sender's socket gives up.
    private func beStuck(_ pipe: Pipe, _ side: Pipe.Side) {
        guard pipe.streams[side].next != nil, pipe.ends[0].isOpen || pipe.ends[1].isOpen else { return }
        let since = pipe.streams[side].stuck ?? now
        pipe.streams[side].stuck = since
        hosts[pipe.ends[side].life.node].held = now
        if since + World.drain <= now, pipe.streams[side].isMidPiece {
            return lose(pipe, side, "nothing was taken for 30 s")
        }
        pipe.streams[side].isPlanned = true
        plan(.arrival(pipe, from: side), in: .milliseconds(500))
    }

    private func deliver(_ item: Stream.Item, _ pipe: Pipe, _ side: Pipe.Side) {
        let end = pipe.ends[1 - side]
        switch item {
        case .message(let message): hear(message, on: end)
        case .encoded(let bytes): for message in decode(bytes) { hear(message, on: end) }
        case .bytes(let count, let contents): take(count, contents, pipe, side)
        case .end(let reason): lose(pipe, 1 - side, reason)
        }
    }

    /// Cuts at a place that is drawn, as a network might.
    private func decode(_ bytes: [UInt8]) -> [Message] {
        var decoder = FrameDecoder()
        var messages: [Message] = []
        let cut = draws.number(0...bytes.count)
        for part in [bytes[..<cut], bytes[cut...]] {
            part.withUnsafeBytes { decoder.append($0) }
            do throws(WireError) {
                while let message = try decoder.next() { messages.append(message) }
            } catch {
                report("wire", "\(error)")
                return messages
            }
        }
        if decoder.buffered > 0 { report("wire", "\(decoder.buffered) bytes are left over") }
        return messages
    }

    private func hear(_ message: Message, on end: Pipe.End) {
        guard let host = host(end.life) else { return }
        if let peer = peer(host.node) {
            feed(.received(end.connection, canary == .loseDelta ? message.withoutDelta : message), to: peer)
        } else {
            feed(.received(end.connection, message))
        }
    }

    /// Goes on with a stream whose reader waited for a buffer.
    func readAgain(_ pipe: Pipe, from side: Pipe.Side) {
        pipe.streams[side].isStopped = false
        planArrival(pipe, from: side)
    }

    // MARK: Ends

    /// An end closes; the other hears of it behind all that was sent, unless that is in the middle of a piece.
    func close(_ connection: ConnectionID, of host: Host, reason: String) {
        guard let (pipe, side) = forget(connection, of: host) else { return }
        transmit(.end(reason: "closed by the other end: \(reason)"), pipe, side)
    }

    /// An end finds its connection gone.
    func lose(_ pipe: Pipe, _ side: Pipe.Side, _ reason: String) {
        guard pipe.ends[side].isOpen, let host = host(pipe.ends[side].life) else { return }
        let connection = pipe.ends[side].connection
        _ = forget(connection, of: host)
        if let peer = peer(host.node) {
            feed(.closed(connection, reason: reason), to: peer)
        } else {
            feed(.closed(connection, reason: reason))
        }
    }

    /// Both ends find their connection gone, at about the same time; one that does not know of it yet, when it does.
    func reset(_ pipe: Pipe) {
        for side in [0, 1] {
            pipe.streams[1 - side].drop()
            transmit(.end(reason: "reset"), pipe, 1 - side)
        }
    }

    @discardableResult
    private func forget(_ connection: ConnectionID, of host: Host) -> (pipe: Pipe, side: Pipe.Side)? {
        guard let link = host.links.removeValue(forKey: connection) else { return nil }
        link.pipe.ends[link.side].isOpen = false
        if canary == .forgetGeneration { host.reusable.append(connection) }
        if let peer = peer(host.node) { letGo(of: connection, link.pipe, link.side, peer) }
        return link
    }
}

extension Message {
    /// As if a delta had come without what is in it.
    fileprivate var withoutDelta: Message {
        guard case .rosterDelta(let delta) = self else { return self }
        return .rosterDelta(RosterDelta(epoch: delta.epoch, joined: [], left: []))
    }
}
