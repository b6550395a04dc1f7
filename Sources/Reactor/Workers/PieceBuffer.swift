/// Memory for one piece on its way from the socket through a worker to the disk.
///
/// Unchecked: it has one user at a time. The reactor fills it, hands it to a worker in a job, and touches it again only
/// when the completion brings it back.
public final class PieceBuffer: @unchecked Sendable {
    public let memory: UnsafeMutableRawBufferPointer

    /// - Parameter capacity: bytes; aligned to a page.
    public init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 4096)
    }

    deinit { memory.deallocate() }
}

/// The piece buffers of a daemon: bounded in all, reused, handed out on the reactor's thread.
public final class BufferPool {
    /// Bytes that may be lent out at one time.
    public let capacity: Int
    private var lent = 0
    private var idle: [PieceBuffer] = []

    public init(capacity: Int) {
        self.capacity = capacity
    }

    /// - Returns: nil while everything is lent out; ask again after a `giveBack`.
    public func lend(_ size: Int) -> PieceBuffer? {
        guard lent + size <= capacity else { return nil }
        lent += size
        // Sizes change with the file being fetched; idle buffers of another size only take room.
        if idle.last?.memory.count != size { idle.removeAll() }
        return idle.popLast() ?? PieceBuffer(capacity: size)
    }

    public func giveBack(_ buffer: PieceBuffer) {
        lent -= buffer.memory.count
        idle.append(buffer)
    }

    /// Frees what is not in use.
    public func trim() { idle.removeAll() }
}
