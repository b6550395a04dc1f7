import CLinux
import Glibc

/// Reads and writes on nonblocking streams. None waits; none raises SIGPIPE where the call can be told not to.
public enum StreamIO {
    /// Reads into `first`, then `second`, in one call. Source: readv(2).
    public static func read(
        _ stream: Int32, into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Transferred {
        var vectors = (
            iovec(iov_base: first.baseAddress, iov_len: first.count),
            iovec(iov_base: second.baseAddress, iov_len: second.count)
        )
        let count = retrying {
            withUnsafePointer(to: &vectors) { pointer in
                pointer.withMemoryRebound(to: iovec.self, capacity: 2) { readv(stream, $0, 2) }
            }
        }
        return try answer(count, "read from", stream)
    }

    public static func read(
        _ stream: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Transferred {
        try answer(retrying { Glibc.read(stream, buffer.baseAddress, buffer.count) }, "read from", stream)
    }

    /// - Parameter more: more will follow at once, so a short segment may wait for it (MSG_MORE, send(2)).
    public static func send(
        _ socket: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool = false
    ) throws(SystemError) -> Transferred {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        return try answer(
            retrying { Glibc.send(socket, bytes.baseAddress, bytes.count, flags) }, "send to", socket)
    }

    /// Sends `count` bytes of `file` from `offset`, which advances. Source: sendfile(2).
    public static func sendFile(
        _ socket: Int32, _ file: Int32, offset: inout UInt64, count: Int
    ) throws(SystemError) -> Transferred {
        var position = off_t(offset)
        let sent = retrying { sendfile(socket, file, &position, count) }
        offset = UInt64(position)
        return try answer(sent, "send a file to", socket)
    }

    private static func answer(
        _ count: Int, _ operation: String, _ stream: Int32
    ) throws(SystemError) -> Transferred {
        if count > 0 { return .bytes(count) }
        if count == 0 { return .endOfStream }
        if errno == EAGAIN { return .wouldBlock }
        throw SystemError(operation, on: "descriptor \(stream)")
    }
}
