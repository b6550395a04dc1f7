import Content
import PeerCore
import Wire

/// Runs peers' machines, and does what they want done.
extension World {
    func feed(_ input: PeerInput, to peer: PeerHost) {
        guard let process = peer.process else { return }
        feed(
            input, to: process, node: peer.node, who: "\(peer.node)", perform: { perform($0, peer, process) },
            handled: { checkers.handled($0, peer, process, self) })
    }

    private func perform(_ effect: PeerEffect, _ peer: PeerHost, _ process: PeerProcess) {
        checkers.wants(effect, peer, self)
        switch effect {
        case .dial(let target): dial(target, from: peer)
        case .send(let connection, let message): say(message, on: connection, peer)
        case .close(let connection, let reason): close(connection, of: peer, reason: reason)

        case .receivePiece(let connection, let id, let index, let length):
            beginPiece(connection, id, index, length, peer, process)
        case .discardPiece(let connection, let length): discardPiece(connection, length, peer)
        case .passOver(let connection): passOver(connection, peer)
        case .serve(let connection, let source, let root, let pieces):
            if peer.character != .mute { addUpload(.init(source, root, pieces), on: connection, peer) }
        case .serveNothing(let connection, let first, let end):
            if peer.character != .mute { addUpload(.init(nothingFrom: first, end), on: connection, peer) }
        case .stopServing(let connection, let root, let first):
            process.uploads[connection]?.cancel(root, first: first)
            pump(connection, peer)

        case .checkLayer(let id, let root, let layer): submit(.checkLayer(id, root, layer), of: peer)
        case .openPartial(let entry, let layer):
            process.partials.opening(entry.id)
            submit(.open(entry, layer), of: peer)
        case .reopenPartial(let entry, let layer, _):
            process.partials.opening(entry.id)
            let isLeft = process.leftovers.remove(entry.id) != nil
            submit(isLeft ? .reopen(entry, layer) : .open(entry, layer), of: peer)
        case .commit(let id, let pieces, let sync):
            guard process.partials.isOpen(id) else { return }
            if sync { submit(.sync(id, pieces), of: peer) } else { record(.setPieces(id, pieces), of: peer) }
        case .checkPartial(let id): if process.partials.isOpen(id) { submit(.check(id), of: peer) }
        case .verifyPartial(let id, let pieces):
            if process.partials.isOpen(id) { submit(.verify(id, pieces), of: peer) }
        case .deliver(let id, let terms): if process.partials.isOpen(id) { submit(.deliver(id, terms), of: peer) }
        case .discardPartial(let id, _):
            if process.partials.discard(id) || process.leftovers.remove(id) != nil { submit(.discard(id), of: peer) }
        case .checkSpace(let needs): for need in needs { submit(.checkSpace(need.id), of: peer) }
        case .keep(let entry):
            let pieces = process.partials.isOpen(entry.id) ? process.machine.recordedPieces(of: entry.id) : nil
            record(.keep(entry, pieces), of: peer)
        case .forget(let id): record(.forget(id), of: peer)
        case .banned(let ban): record(.ban(ban), of: peer)
        case .lifted(let id): record(.lift(id), of: peer)
        case .inspect(let request, let name): submit(.inspect(request, name), of: peer)

        case .finished(let request, let result): finished(request, result, peer)
        case .failed(let request, let failure): failed(request, failure, peer)
        case .accepted(let request, _), .changed(let request, _), .surveyed(let request, _),
            .liftedBans(let request, _):
            checkers.requests.answered(request, peer, self)

        case .wake(let moment):
            process.wakeAt = moment
            planWake(peer, process)
        case .found, .left, .note: break
        case .readManifest, .surveyTree, .receiveFile, .publishFiles, .discardFiles, .closeTree, .keepLarge,
            .removeRemains, .makeManifest, .inspectTree:
            report("trees", "nobody asked for a directory")
        }
    }

    /// A wake that was planned for a later time is left to be found early.
    private func planWake(_ peer: PeerHost, _ process: PeerProcess) {
        guard let moment = process.wakeAt, process.wakePlanned.map({ moment < $0 }) ?? true else { return }
        process.wakePlanned = moment
        queue.plan(.wake(peer.life), at: max(now, moment))
    }

    func woken(_ peer: PeerHost) {
        guard let process = peer.process, process.wakePlanned.map({ $0 <= now }) ?? false else { return }
        process.wakePlanned = nil
        guard let moment = process.wakeAt else { return }
        guard moment <= now else { return planWake(peer, process) }
        process.wakeAt = nil
        feed(.wake, to: peer)
    }

    private func say(_ message: Message, on connection: ConnectionID, _ peer: PeerHost) {
        let message = peer.character == .liar ? falsified(message) : message
        send(scenario.has(.encoding) ? .encoded(message.encoded) : .message(message), on: connection, of: peer)
    }

    private func falsified(_ message: Message) -> Message {
        guard case .hashes(let root, let first, var digests) = message, draws.chance(scenario.chances.wrongDigests),
            !digests.isEmpty
        else {
            return message
        }
        count("wrong digests")
        digests[draws.number(0...digests.count - 1)] = .zero
        return .hashes(root, first: first, digests)
    }

    // MARK: Pieces that come

    private func beginPiece(
        _ connection: ConnectionID, _ id: DownloadID, _ index: Int, _ length: Int, _ peer: PeerHost,
        _ process: PeerProcess
    ) {
        guard let (pipe, side) = peer.links[connection] else { return }
        guard process.partials.isOpen(id) else { return discardPiece(connection, length, peer) }
        pipe.streams[1 - side].intake = .piece(id, index: index, left: length)
        if process.buffersLent < process.buffers {
            process.buffersLent += 1
            feed(.pieceStarted(connection), to: peer)
        } else {
            pipe.streams[1 - side].isStopped = true
            process.bufferLine.append(connection)
        }
    }

    private func discardPiece(_ connection: ConnectionID, _ length: Int, _ peer: PeerHost) {
        if let (pipe, side) = peer.links[connection] { pipe.streams[1 - side].intake = .discarding(left: length) }
    }

    private func passOver(_ connection: ConnectionID, _ peer: PeerHost) {
        guard let process = peer.process, let (pipe, side) = peer.links[connection],
            case .piece(_, _, let left) = pipe.streams[1 - side].intake
        else { return }
        pipe.streams[1 - side].intake = .discarding(left: left)
        guard let position = process.bufferLine.firstIndex(of: connection) else { return giveBack(peer) }
        process.bufferLine.remove(at: position)
        readAgain(pipe, from: 1 - side)
    }

    /// Bytes of a piece have come out of a pipe.
    func take(_ count: Int, _ contents: Contents, _ pipe: Pipe, _ side: Pipe.Side) {
        let end = pipe.ends[1 - side]
        guard let peer = peer(end.life.node), host(end.life) != nil else { return }
        switch pipe.streams[side].intake {
        case .none: report("bytes", "\(count) bytes come that nobody expects")
        case .discarding(let left): pipe.streams[side].intake = left > count ? .discarding(left: left - count) : .none
        case .piece(let id, let index, let left):
            let rest = left - count
            pipe.streams[side].intake = rest > 0 ? .piece(id, index: index, left: rest) : .none
            feed(.progressed(end.connection, bytes: count), to: peer)
            guard rest == 0 else { return }
            guard pipe.ends[1 - side].isOpen, peer.process?.partials.isOpen(id) == true else { return giveBack(peer) }
            submit(.store(id, index: index, from: end.connection, contents), of: peer)
            feed(.pieceReceived(end.connection), to: peer)
        }
    }

    /// A piece buffer is free again: whoever waits longest gets it.
    func giveBack(_ peer: PeerHost) {
        guard let process = peer.process else { return }
        process.buffersLent -= 1
        while process.buffersLent < process.buffers, !process.bufferLine.isEmpty {
            let connection = process.bufferLine.removeFirst()
            guard let (pipe, side) = peer.links[connection] else { continue }
            process.buffersLent += 1
            feed(.pieceStarted(connection), to: peer)
            readAgain(pipe, from: 1 - side)
        }
    }

    /// What belonged to a connection that is gone.
    func letGo(of connection: ConnectionID, _ pipe: Pipe, _ side: Pipe.Side, _ peer: PeerHost) {
        dropUploads(on: connection, peer)
        guard let process = peer.process else { return }
        let isWaiting = process.bufferLine.contains(connection)
        process.bufferLine.removeAll { $0 == connection }
        guard case .piece = pipe.streams[1 - side].intake, !isWaiting else { return }
        pipe.streams[1 - side].intake = .none
        giveBack(peer)
    }
}
