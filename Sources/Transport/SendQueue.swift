import DequeModule
import Posix

/// What waits to be written to one socket.
///
/// Pieces go in order, each a header and a slice of a file that goes by sendfile(2), with the frames that keep their
/// place among them. All other frames go before pieces that have not begun: an answer does not wait for megabytes.
struct SendQueue {
    enum Item {
        case bytes([UInt8], sent: Int)
        case file(OpenFile, offset: UInt64, remaining: Int)
        /// Whole pieces in memory; counted as bytes of files.
        case pieces([UInt8], sent: Int)
        /// The place of a frame that is made when everything before it has gone out.
        case due
    }

    enum Outcome: Equatable {
        case empty
        case wouldBlock
        /// The budget is used up; the socket takes more.
        case budgetSpent
        /// As many bytes of files have gone as may; the socket takes more.
        case fileBudgetSpent
        /// The frame whose place has come is wanted: `fill`.
        case due
        case truncated
    }

    /// Frames below this are copied together, larger ones keep their own, possibly shared, memory.
    private static let copiedMax = 4096
    private static let joinedMax = 64 * 1024

    private var frames: Deque<Item> = []
    private var pieces: Deque<Item> = []
    /// Bytes of frames that wait.
    private(set) var frameBytes = 0
    /// Bytes of files that wait.
    private(set) var fileBytes = 0

    var isEmpty: Bool { frames.isEmpty && pieces.isEmpty }

    /// The file at the head of the pieces.
    var currentFile: OpenFile? {
        if case .file(let file, _, _) = pieces.first { file } else { nil }
    }

    mutating func append(_ frame: [UInt8]) {
        frameBytes += frame.count
        SendQueue.append(frame, to: &frames)
    }

    /// Appends a frame that keeps its place behind the pieces before it.
    mutating func append(ordered frame: [UInt8]) {
        guard !pieces.isEmpty else { return append(frame) }
        frameBytes += frame.count
        SendQueue.append(frame, to: &pieces)
    }

    /// Appends a piece: a frame, and the bytes that must follow it directly.
    mutating func append(_ header: [UInt8], then file: OpenFile, offset: UInt64, count: Int) {
        frameBytes += header.count
        SendQueue.append(header, to: &pieces)
        fileBytes += count
        pieces.append(.file(file, offset: offset, remaining: count))
    }

    /// Appends pieces that are in memory, each with its header and the frames that belong to it.
    mutating func append(pieces frames: [UInt8]) {
        fileBytes += frames.count
        pieces.append(.pieces(frames, sent: 0))
    }

    mutating func appendDue() { pieces.append(.due) }

    /// Puts a frame at the place that is due, or nothing.
    mutating func fill(_ frame: [UInt8]?) {
        guard case .due = pieces.first else { return }
        pieces.removeFirst()
        guard let frame else { return }
        frameBytes += frame.count
        pieces.prepend(.bytes(frame, sent: 0))
    }

    private static func append(_ frame: [UInt8], to items: inout Deque<Item>) {
        if frame.count <= copiedMax, let last = items.popLast() {
            if case .bytes(var bytes, let sent) = last, bytes.count + frame.count <= joinedMax {
                bytes.append(contentsOf: frame)
                return items.append(.bytes(bytes, sent: sent))
            }
            items.append(last)
        }
        items.append(.bytes(frame, sent: 0))
    }

    /// Writes until the queue is empty, the socket is full or a budget is spent.
    /// - Parameters:
    ///   - budget: bytes of all kinds, counted from `written`.
    ///   - fileBudget: bytes of files, counted from `fileSent`.
    mutating func write(
        to socket: Int32, budget: Int, fileBudget: Int = .max, written: inout Int, fileSent: inout Int
    ) throws(SystemError) -> Outcome {
        while !isEmpty {
            guard written < budget else { return .budgetSpent }
            switch try writeNext(to: socket, atMost: budget - written, ofFiles: fileBudget - fileSent) {
            case .frame(.bytes(let count)):
                written += count
                frameBytes -= count
            case .file(.bytes(let count)):
                written += count
                fileSent += count
                fileBytes -= count
            case .frame(.wouldBlock), .file(.wouldBlock): return .wouldBlock
            case .frame(.endOfStream), .file(.endOfStream): return .truncated
            case .fileBudgetSpent: return .fileBudgetSpent
            case .due: return .due
            }
        }
        return .empty
    }

    private enum Step {
        case frame(Transferred)
        case file(Transferred)
        case fileBudgetSpent
        case due
    }

    private mutating func writeNext(
        to socket: Int32, atMost limit: Int, ofFiles fileLimit: Int
    ) throws(SystemError) -> Step {
        if !isInPiece, !frames.isEmpty {
            let isMore = frames.count > 1
            return .frame(try SendQueue.sendFirst(of: &frames, to: socket, more: isMore))
        }
        switch pieces.first {
        case .bytes:
            let isMore = isFollowed(fileLimit)
            return .frame(try SendQueue.sendFirst(of: &pieces, to: socket, more: isMore))
        case .file(let file, let offset, let remaining):
            guard fileLimit > 0 else { return .fileBudgetSpent }
            return .file(try send(file, from: offset, remaining, atMost: min(limit, fileLimit), to: socket))
        case .pieces:
            guard fileLimit > 0 else { return .fileBudgetSpent }
            return .file(try sendPieces(atMost: min(limit, fileLimit), to: socket))
        case .due, nil: return .due
        }
    }

    private mutating func sendPieces(atMost limit: Int, to socket: Int32) throws(SystemError) -> Transferred {
        guard case .pieces(let frames, let start) = pieces.first else { return .wouldBlock }
        let isMore = pieces.count > 1
        let end = min(frames.count, start + limit)
        let answer = try frames[start..<end].withUnsafeBytesTyped { part throws(SystemError) in
            try StreamIO.send(socket, part, more: isMore)
        }
        guard case .bytes(let count) = answer else { return answer }
        if start + count == frames.count {
            pieces.removeFirst()
        } else {
            pieces[0] = .pieces(frames, sent: start + count)
        }
        return answer
    }

    /// Something of the first piece, or of a frame among the pieces, has gone out: the rest must follow.
    private var isInPiece: Bool {
        switch pieces.first {
        case .bytes(_, let sent), .pieces(_, let sent): sent > 0
        case .file: true
        case .due, nil: false
        }
    }

    /// Something goes out right behind the first of the pieces, so that a short segment may wait for it.
    private func isFollowed(_ fileLimit: Int) -> Bool {
        guard pieces.count > 1 else { return false }
        switch pieces[1] {
        case .file, .pieces: return fileLimit > 0
        case .bytes, .due: return true
        }
    }

    private static func sendFirst(
        of items: inout Deque<Item>, to socket: Int32, more: Bool
    ) throws(SystemError) -> Transferred {
        guard case .bytes(let bytes, let start) = items.first else { return .wouldBlock }
        let answer = try bytes[start...].withUnsafeBytesTyped { part throws(SystemError) in
            try StreamIO.send(socket, part, more: more)
        }
        guard case .bytes(let count) = answer else { return answer }
        if start + count == bytes.count {
            items.removeFirst()
        } else {
            items[0] = .bytes(bytes, sent: start + count)
        }
        return answer
    }

    private mutating func send(
        _ file: OpenFile, from start: UInt64, _ remaining: Int, atMost limit: Int, to socket: Int32
    ) throws(SystemError) -> Transferred {
        var offset = start
        let answer = try StreamIO.sendFile(socket, file.rawValue, offset: &offset, count: min(remaining, limit))
        guard case .bytes(let count) = answer else { return answer }
        if count == remaining {
            pieces.removeFirst()
        } else {
            pieces[0] = .file(file, offset: offset, remaining: remaining - count)
        }
        return answer
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
