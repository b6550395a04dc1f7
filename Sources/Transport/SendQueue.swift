import DequeModule
import Posix

/// What waits to be written to one socket, in order: frames, and slices of files that go by sendfile(2).
struct SendQueue {
    enum Item {
        case bytes([UInt8], sent: Int)
        case file(OpenFile, offset: UInt64, remaining: Int)
    }

    enum Outcome: Equatable {
        case empty
        case wouldBlock
        /// The budget is used up; the socket takes more.
        case budgetSpent
        case truncated
    }

    /// Frames below this are copied together, larger ones keep their own, possibly shared, memory.
    private static let copiedMax = 4096
    private static let joinedMax = 64 * 1024

    private var items: Deque<Item> = []
    /// Bytes of frames that wait.
    private(set) var frameBytes = 0
    /// Bytes of files that wait.
    private(set) var fileBytes = 0

    var isEmpty: Bool { items.isEmpty }

    /// The file at the head of the queue.
    var currentFile: OpenFile? {
        if case .file(let file, _, _) = items.first { file } else { nil }
    }

    mutating func append(_ frame: [UInt8]) {
        frameBytes += frame.count
        if frame.count <= SendQueue.copiedMax, let last = items.popLast() {
            if case .bytes(var bytes, let sent) = last, bytes.count + frame.count <= SendQueue.joinedMax {
                bytes.append(contentsOf: frame)
                return items.append(.bytes(bytes, sent: sent))
            }
            items.append(last)
        }
        items.append(.bytes(frame, sent: 0))
    }

    mutating func append(_ file: OpenFile, offset: UInt64, count: Int) {
        fileBytes += count
        items.append(.file(file, offset: offset, remaining: count))
    }

    /// Writes until the queue is empty, the socket is full or `budget` bytes are written.
    mutating func write(to socket: Int32, budget: Int, written: inout Int, fileSent: inout Int) throws(SystemError)
        -> Outcome
    {
        while let item = items.first {
            guard written < budget else { return .budgetSpent }
            switch item {
            case .bytes(let bytes, let sent):
                let more = items.count > 1
                let answer = try bytes[sent...].withUnsafeBytesTyped { part throws(SystemError) in
                    try StreamIO.send(socket, part, more: more)
                }
                guard case .bytes(let count) = answer else { return .wouldBlock }
                written += count
                frameBytes -= count
                advance(bytes, sent + count)
            case .file(let file, var offset, let remaining):
                let quantum = min(remaining, budget - written)
                switch try StreamIO.sendFile(socket, file.rawValue, offset: &offset, count: quantum) {
                case .wouldBlock: return .wouldBlock
                case .endOfStream: return .truncated
                case .bytes(let count):
                    written += count
                    fileSent += count
                    fileBytes -= count
                    items[0] = .file(file, offset: offset, remaining: remaining - count)
                    if count == remaining { items.removeFirst() }
                }
            }
        }
        return .empty
    }

    private mutating func advance(_ bytes: [UInt8], _ sent: Int) {
        if sent == bytes.count { items.removeFirst() } else { items[0] = .bytes(bytes, sent: sent) }
    }
}

extension ArraySlice<UInt8> {
    /// `withUnsafeBytes` that keeps the type of what is thrown.
    fileprivate func withUnsafeBytesTyped<R>(
        _ body: (UnsafeRawBufferPointer) throws(SystemError) -> R
    ) throws(SystemError) -> R {
        let result: Result<R, SystemError> = withUnsafeBytes { bytes in
            do throws(SystemError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
