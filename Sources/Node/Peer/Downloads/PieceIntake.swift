import Content
import PeerCore
import Reactor
import Storage
import Transport

/// Lends piece buffers to connections on which a piece begins, and makes them wait while all are lent.
struct PieceIntake {
    /// All piece buffers together, in bytes: it bounds the memory of every download at once, and is enough for the
    /// fastest link to be read while workers hash and write.
    private static let bufferBytesMax = 24 << 20

    /// A connection on which a piece has begun and that is not read yet.
    struct Waiting {
        let connection: ConnectionID
        let download: DownloadID
        let index: Int
        let length: Int
        let bufferSize: Int
    }

    private let pool = BufferPool(capacity: bufferBytesMax)
    private var waiting: [Waiting] = []

    /// - Returns: the piece with its buffer, or nil if it has to wait.
    mutating func begin(_ wanted: Waiting) -> IncomingPiece? {
        if waiting.isEmpty, let piece = lend(wanted) { return piece }
        waiting.append(wanted)
        return nil
    }

    /// Takes a buffer back.
    /// - Returns: a connection that has waited, and its piece.
    mutating func giveBack(_ buffer: PieceBuffer) -> (ConnectionID, IncomingPiece)? {
        pool.giveBack(buffer)
        guard let first = waiting.first, let piece = lend(first) else { return nil }
        waiting.removeFirst()
        return (first.connection, piece)
    }

    /// Frees idle buffers: nothing is being fetched.
    func trim() { pool.trim() }

    /// A connection waits no more.
    /// - Returns: what it waited with.
    @discardableResult
    mutating func forget(_ connection: ConnectionID) -> Waiting? {
        waiting.firstIndex { $0.connection == connection }.map { waiting.remove(at: $0) }
    }

    private mutating func lend(_ wanted: Waiting) -> IncomingPiece? {
        guard let buffer = pool.lend(wanted.bufferSize) else { return nil }
        return IncomingPiece(
            download: wanted.download.rawValue, index: wanted.index, length: wanted.length, buffer: buffer)
    }
}
