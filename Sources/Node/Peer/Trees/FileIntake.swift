import Content
import PeerCore
import Reactor
import Transport

/// Small files on their way in: many in one buffer, handed to a worker together at the end of a tick.
extension PeerNode {
    func beginFile(_ connection: ConnectionID, _ id: DownloadID, _ index: Int, _ length: Int) {
        guard trees[id] != nil else { return transport.discard(length, on: connection) }
        if batches[connection]?.download == id, batches[connection]?.isDue(at: now) == false,
            let piece = batches[connection]?.begin(index, length: length)
        {
            return grant(connection, piece)
        }
        handOver(connection)
        let size = max(FileBatch.capacity, length)
        let wanted = PieceIntake.Waiting(
            connection: connection, download: id, index: index, length: length, bufferSize: size)
        if let piece = intake.begin(wanted) { grant(connection, piece) } else { transport.pause(connection) }
    }

    /// The first file of a batch has a buffer.
    func beginBatch(_ connection: ConnectionID, _ piece: IncomingPiece) {
        let id = DownloadID(rawValue: piece.download)
        guard trees[id] != nil, batches[connection] == nil else { return }
        var batch = FileBatch(download: id, connection: connection, buffer: piece.buffer, now: now)
        _ = batch.begin(piece.index, length: piece.length)
        batches[connection] = batch
    }

    /// - Returns: false for a piece that is no file of a tree.
    func receivedFile(_ piece: IncomingPiece, on connection: ConnectionID) -> Bool {
        guard batches[connection]?.buffer === piece.buffer else { return false }
        batches[connection]?.received()
        feed(.pieceReceived(connection))
        return true
    }

    /// At the end of a tick: what is whole does not wait for what is not.
    func handOverFiles() {
        for (connection, batch) in batches where !batch.isReceiving { handOver(connection) }
    }

    /// Gives the whole files of a connection to a worker, and the buffer back if there are none.
    private func handOver(_ connection: ConnectionID) {
        guard let batch = batches.removeValue(forKey: connection) else { return }
        guard let run = trees[batch.download], !batch.files.isEmpty else { return giveBack(batch.buffer) }
        workers.submit(.tree(.stage(run, batch, minFree: settings.minFree)))
    }

    /// A connection has ended; a file that was coming in on it is lost.
    /// - Returns: whether the buffer of the piece under way is taken care of.
    func forgetFiles(_ connection: ConnectionID, _ unfinished: IncomingPiece?) -> Bool {
        guard let buffer = batches[connection]?.buffer else { return false }
        batches[connection]?.cut()
        handOver(connection)
        return unfinished?.buffer === buffer
    }
}
