/// Cuts a stream of bytes into lines, however it arrives. Does no I/O and holds at most one unfinished line.
///
/// Invariant: a line is given out once, whole and without its `\n`, and never longer than the limit; a longer one ends
/// the stream, since what follows cannot be trusted to begin at a line.
public struct LineSplitter: Sendable {
    /// From a client to the daemon: a request is short, and this bounds the daemon's memory for a client.
    public static let maxRequestBytes = 1 << 20
    /// From the daemon to a client: a page of 1,000 files with names of 1,024 bytes, all of them escaped.
    public static let maxReplyBytes = 16 << 20

    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var searched = 0

    /// - Parameter limit: bytes in a line, without its `\n`.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Takes what was read. Call `next` until it gives nil before taking more: that is what bounds the memory.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            searched -= start  // trap: places in the bytes at hand
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next line that is not empty, or nil when more bytes are needed.
    /// - Throws: `tooLong`, and again at every further call, since the line stays where it is.
    public mutating func next() throws(LineError) -> [UInt8]? {
        while let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = buffer[start..<end]
            guard line.count <= limit else { throw .tooLong(limitBytes: limit) }
            start = end + 1  // trap: a place in the bytes at hand
            searched = start
            if !line.isEmpty { return Array(line) }
        }
        searched = buffer.count
        guard searched - start <= limit else { throw .tooLong(limitBytes: limit) }  // trap: places in the bytes at hand
        return nil
    }
}

/// Why a stream cannot be cut into lines any further.
public enum LineError: Error, Hashable, CustomStringConvertible {
    case tooLong(limitBytes: Int)

    public var description: String {
        switch self {
        case .tooLong(let limit): "a line on the control socket is longer than \(limit) bytes"
        }
    }
}
