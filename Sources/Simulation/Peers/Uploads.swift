import Content
import PeerCore
import Wire

/// How peers send pieces: a few connections at a time, a piece after the other, at the rate of their line.
extension World {
    private static let slots = 4
    private static let waitingMax = 32
    private static let patience = Span.seconds(3)
    private static let sweep = Span.milliseconds(500)
    /// A slow piece goes out in parts, so that it shows to be under way.
    private static let part = Span.milliseconds(500)

    func addUpload(_ chunk: UploadLine.Chunk, on connection: ConnectionID, _ peer: PeerHost) {
        guard peer.links[connection] != nil else { return }
        peer.process?.uploads[connection, default: .init()].chunks.append(chunk)
        pump(connection, peer)
    }

    func dropUploads(on connection: ConnectionID, _ peer: PeerHost) {
        guard let process = peer.process else { return }
        process.uploads[connection] = nil
        process.waiting.removeAll { $0.connection == connection }
        if process.slots.remove(connection) != nil { admitNext(peer, process) }
    }

    /// Goes on with a connection's chunks as far as its turn allows.
    func pump(_ connection: ConnectionID, _ peer: PeerHost) {
        guard let process = peer.process, let (pipe, side) = peer.links[connection] else { return }
        while let line = process.uploads[connection], let chunk = line.chunks.first {
            guard line.contents == nil else { return }
            if chunk.isCancelled || chunk.isGone || chunk.next == chunk.end {
                end(chunk, .endOfChunk(first: chunk.first, chunk.ending), on: connection, peer, process)
                continue
            }
            guard hasSlot(connection, peer, process) else { return }
            guard let isRight = standing(of: chunk, peer) else {
                process.uploads[connection]?.chunks[0].isGone = true
                continue
            }
            return begin(chunk, isRight: isRight, pipe, side, connection, peer, process)
        }
        process.uploads[connection] = nil
        if process.slots.remove(connection) != nil { admitNext(peer, process) }
    }

    private func end(
        _ chunk: UploadLine.Chunk, _ message: Message, on connection: ConnectionID, _ peer: PeerHost,
        _ process: PeerProcess
    ) {
        process.uploads[connection]?.chunks.removeFirst()
        feed(.chunkServed(connection), to: peer)
        send(.message(message), on: connection, of: peer)
    }

    /// - Returns: whether the next piece would be right; nil if the file is not there any more.
    private func standing(of chunk: UploadLine.Chunk, _ peer: PeerHost) -> Bool? {
        switch chunk.source {
        case .shared(let name):
            guard let file = peer.disk.share[name], file.root == chunk.root else { return nil }
            return !file.bad.contains(chunk.next)
        case .partial(let id):
            if let partial = peer.disk.partials[id], partial.root == chunk.root {
                return peer.process?.partials.isOpen(id) == true ? partial.right.contains(chunk.next) : nil
            }
            // It has got its name meanwhile, and is open still.
            return peer.disk.share.values.first { $0.root == chunk.root }.map { !$0.bad.contains(chunk.next) }
        case .manifest, nil: return nil
        }
    }

    private func begin(
        _ chunk: UploadLine.Chunk, isRight: Bool, _ pipe: Pipe, _ side: Pipe.Side, _ connection: ConnectionID,
        _ peer: PeerHost, _ process: PeerProcess
    ) {
        guard let length = library[chunk.root]?.layout.size(of: chunk.next) else { return }
        let isTrue = isRight && !(peer.character == .liar && draws.chance(scenario.chances.lie))
        checkers.offers.serves(chunk, isRight: isRight, peer, self)
        process.uploads[connection]?.left = length
        process.uploads[connection]?.contents = Contents(root: chunk.root, index: chunk.next, isRight: isTrue)
        send(.message(.piece(index: chunk.next, length: length)), on: connection, of: peer)
        pipe.streams[side].isMidPiece = true
        planPart(connection, peer, process)
    }

    private func planPart(_ connection: ConnectionID, _ peer: PeerHost, _ process: PeerProcess) {
        guard let left = process.uploads[connection]?.left else { return }
        plan(.sent(peer.life, connection), in: min(World.part, time(for: left, peer, process)))
    }

    private func time(for bytes: Int, _ peer: PeerHost, _ process: PeerProcess) -> Span {
        Span(seconds: Double(bytes * max(1, process.slots.count)) / Double(peer.rate))
    }

    /// A part of a piece has gone out.
    func sent(_ connection: ConnectionID, _ peer: PeerHost) {
        guard let process = peer.process, let (pipe, side) = peer.links[connection],
            let line = process.uploads[connection], let contents = line.contents
        else { return }
        guard pipe.streams[side].stuck == nil else {
            // The socket takes nothing.
            return plan(.sent(peer.life, connection), in: World.part)
        }
        let whole = time(for: line.left, peer, process)
        let part = whole <= World.part ? line.left : min(line.left, max(1, line.left / Int(whole.seconds / 0.5 + 1)))
        process.uploads[connection]?.left = line.left - part
        transmit(.bytes(part, contents), pipe, side)
        guard line.left == part else { return planPart(connection, peer, process) }
        pipe.streams[side].isMidPiece = false
        process.uploads[connection]?.contents = nil
        process.uploads[connection]?.chunks[0].next += 1
        // Only now is it seen whether the file was changed meanwhile.
        if let chunk = process.uploads[connection]?.chunks[0], chunk.isSpoiled || standing(of: chunk, peer) == nil {
            process.uploads[connection]?.chunks[0].isGone = true
        }
        let waiting = pipe.streams[side].waiting
        pipe.streams[side].waiting = []
        for item in waiting { transmit(item, pipe, side) }
        if !process.waiting.isEmpty, process.slots.remove(connection) != nil { admitNext(peer, process) }
        pump(connection, peer)
    }

    // MARK: Turns

    private func hasSlot(_ connection: ConnectionID, _ peer: PeerHost, _ process: PeerProcess) -> Bool {
        if process.slots.contains(connection) { return true }
        let isNext = process.waiting.isEmpty
        if isNext, process.slots.count < World.slots {
            process.slots.insert(connection)
            return true
        }
        guard !process.waiting.contains(where: { $0.connection == connection }) else { return false }
        guard process.waiting.count < World.waitingMax else {
            sendAway(connection, peer, process)
            return false
        }
        process.waiting.append((connection, now))
        planSweep(peer, process)
        return false
    }

    private func admitNext(_ peer: PeerHost, _ process: PeerProcess) {
        while process.slots.count < World.slots, !process.waiting.isEmpty {
            let next = process.waiting.removeFirst().connection
            process.slots.insert(next)
            pump(next, peer)
        }
    }

    private func planSweep(_ peer: PeerHost, _ process: PeerProcess) {
        guard !process.isSweepPlanned else { return }
        process.isSweepPlanned = true
        plan(.sweepUploads(peer.life), in: World.sweep)
    }

    func sweepUploads(_ peer: PeerHost) {
        guard let process = peer.process else { return }
        process.isSweepPlanned = false
        for (connection, since) in process.waiting where since + World.patience <= now {
            process.waiting.removeAll { $0.connection == connection }
            sendAway(connection, peer, process)
        }
        if !process.waiting.isEmpty { planSweep(peer, process) }
    }

    /// It is asked to come again later, with all that it waits for.
    private func sendAway(_ connection: ConnectionID, _ peer: PeerHost, _ process: PeerProcess) {
        for chunk in process.uploads[connection]?.chunks ?? [] {
            let pause = UInt32(draws.number(200...5_000))
            let isOver = chunk.isCancelled || chunk.isGone
            end(
                chunk,
                isOver ? .endOfChunk(first: chunk.first, chunk.ending) : .busy(first: chunk.first, retryAfter: pause),
                on: connection, peer, process)
        }
    }
}

extension UploadLine.Chunk {
    fileprivate var ending: ChunkEnd {
        if isGone { return .gone }
        return isCancelled ? .cancelled : .complete
    }
}
