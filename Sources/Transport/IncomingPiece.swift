import Content
import Reactor

/// A piece's bytes on their way into memory.
public struct IncomingPiece {
    /// What the bytes are for; the transport only carries it.
    public let download: UInt64
    public let index: Int
    /// Bytes.
    public let length: Int
    public let buffer: PieceBuffer

    public init(download: UInt64, index: Int, length: Int, buffer: PieceBuffer) {
        self.download = download
        self.index = index
        self.length = length
        self.buffer = buffer
    }
}
