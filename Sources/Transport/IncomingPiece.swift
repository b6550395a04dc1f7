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
    /// Where in the buffer it begins.
    public let offset: Int

    public init(download: UInt64, index: Int, length: Int, buffer: PieceBuffer, offset: Int = 0) {
        self.download = download
        self.index = index
        self.length = length
        self.buffer = buffer
        self.offset = offset
    }

    /// The place for the bytes that are still to come, or the first of them.
    func rest(after filled: Int, atMost limit: Int = .max) -> UnsafeMutableRawBufferPointer {
        let count = min(length - filled, limit)
        return UnsafeMutableRawBufferPointer(rebasing: buffer.memory[offset + filled..<offset + filled + count])
    }
}
