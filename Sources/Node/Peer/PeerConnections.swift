import Content
import PeerCore
import Posix
import Reactor
import Transport
import Wire

/// What the peer's connections tell it.
extension PeerNode: TransportHandler {
    func accepted(_ connection: ConnectionID, from address: PeerAddress) {
        feed(.accepted(connection, from: address))
    }

    func dialed(_ connection: ConnectionID, failure: String?) {
        guard let dial = dials.removeValue(forKey: connection) else { return }
        if let failure { feed(.dialFailed(dial, reason: failure)) } else { feed(.dialed(dial, connection)) }
    }

    func received(_ message: Message, on connection: ConnectionID) {
        if case .hello(let hello) = message { transport.set(hello.id, of: connection) }
        feed(.received(connection, message))
    }

    func progressed(_ connection: ConnectionID, bytes: Int) {
        feed(.progressed(connection, bytes: bytes))
    }

    func receivedPiece(_ piece: IncomingPiece, on connection: ConnectionID) {
        if receivedFile(piece, on: connection) { return }
        let id = DownloadID(rawValue: piece.download)
        guard let partial = partials[id] else { return giveBack(piece.buffer) }
        workers.submit(.store(id, partial, connection, index: piece.index, piece.buffer, length: piece.length))
        feed(.pieceReceived(connection))
    }

    func closed(_ connection: ConnectionID, reason: String, unfinished: IncomingPiece?) {
        logger.debug("connection closed", metadata: ["connection": "\(connection)", "reason": "\(reason)"])
        forget(connection, unfinished)
        feed(.closed(connection, reason: reason))
    }

    func violated(_ connection: ConnectionID, from address: PeerAddress, reason: String) {
        logger.warning("protocol violation", metadata: ["address": "\(address)", "reason": "\(reason)"])
    }

    func hasRoom(_ connection: ConnectionID) {
        uploads.pump(connection, transport, self)
    }

    func truncated(_ file: OpenFile) {
        logger.warning("a shared file became shorter while it was sent", metadata: ["path": "\(file.path)"])
        uploads.truncated(file, self)
    }

    func due(_ connection: ConnectionID) -> Message? { uploads.due(connection, self) }

    // MARK: Piece buffers

    func beginPiece(_ connection: ConnectionID, _ id: DownloadID, _ index: Int, _ length: Int) {
        guard let partial = partials[id] else { return transport.discard(length, on: connection) }
        let wanted = PieceIntake.Waiting(
            connection: connection, download: id, index: index, length: length, bufferSize: partial.layout.pieceSize)
        if let piece = intake.begin(wanted) { grant(connection, piece) } else { transport.pause(connection) }
    }

    func grant(_ connection: ConnectionID, _ piece: IncomingPiece) {
        beginBatch(connection, piece)
        transport.receive(piece, on: connection)
        feed(.pieceStarted(connection))
    }

    func giveBack(_ buffer: PieceBuffer) {
        if let (connection, piece) = intake.giveBack(buffer) { grant(connection, piece) }
    }

    /// The piece that is coming in on a connection, or waits there for a buffer, is not wanted any more.
    func passOver(_ connection: ConnectionID) {
        if let waiting = intake.forget(connection) { return transport.discard(waiting.length, on: connection) }
        guard let piece = transport.passOver(connection), !forgetFiles(connection, piece) else { return }
        giveBack(piece.buffer)
    }

    /// Lets go of all that belongs to a connection.
    func forget(_ connection: ConnectionID, _ unfinished: IncomingPiece?) {
        uploads.drop(connection, transport, self)
        intake.forget(connection)
        if !forgetFiles(connection, unfinished), let unfinished { giveBack(unfinished.buffer) }
    }
}

extension PeerNode: UploadsOwner {
    var now: Moment { Moment(nanoseconds: reactor.now) }

    func submit(_ job: PeerJob) { workers.submit(job) }

    func fileChanged(_ name: ShareName) {
        guard machine.offered[name] != nil else { return }
        logger.warning("a shared file has changed and is indexed again", metadata: ["name": "\(name)"])
        indexer.again(name, machine.offered, at: reactor.now)
        continueIndexing()
    }

    func chunkServed(_ connection: ConnectionID) { feed(.chunkServed(connection)) }

    func indexed(_ name: ShareName) -> KnownFile? {
        machine.offered[name].map { KnownFile(identity: $0.identity, root: $0.root) }
    }

    func partial(_ id: DownloadID) -> ServedFile? {
        guard let partial = partials[id], let identity = try? FileIO.identity(of: partial.readable.rawValue).identity
        else { return nil }
        return ServedFile(file: partial.readable, identity: identity, partial: partial)
    }

    func partialChanged(_ id: DownloadID) {
        if partials[id] != nil { feed(.partialTouched(id, isThere: true)) }
    }

    func sweepUploads(at moment: Moment) { uploadsTimer = reactor.setTimer(at: moment.nanoseconds) }
}
