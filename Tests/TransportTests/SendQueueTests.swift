import Foundation
import Posix
import Testing

@testable import Transport

struct SendQueueTests {
    /// A queue, and the two ends of a stream whose kernel buffers are as small as they come.
    private final class Stream {
        let near: FileDescriptor
        let far: FileDescriptor

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(O_NONBLOCK), 0, &ends) == 0)
            near = FileDescriptor(owning: ends[0])
            far = FileDescriptor(owning: ends[1])
            TCPSocket.setSendBuffer(near.rawValue, bytes: 1)
        }

        func read() -> [UInt8] {
            var block = [UInt8](repeating: 0, count: 65_536)
            let count = recv(far.rawValue, &block, block.count, 0)
            return count > 0 ? Array(block[..<count]) : []
        }
    }

    /// Writes until the queue is empty, reading at the other end.
    private func drain(_ queue: inout SendQueue, budget: Int = 1 << 20) throws -> (bytes: [UInt8], fileSent: Int) {
        let stream = try Stream()
        var (read, fileSent, isEmpty) = ([UInt8](), 0, false)
        for _ in 0..<1_000_000 where !isEmpty {
            var written = 0
            let outcome = try queue.write(
                to: stream.near.rawValue, budget: budget, written: &written, fileSent: &fileSent)
            try #require(outcome != .truncated)
            isEmpty = outcome == .empty
            while case let bytes = stream.read(), !bytes.isEmpty { read += bytes }
        }
        try #require(isEmpty)
        return (read, fileSent)
    }

    @Test("Frames of all sizes and slices of files go out in order through a tiny socket buffer")
    func keepsOrder() throws {
        let sample = try SampleFile(length: 100_000)
        var queue = SendQueue()
        var expected: [UInt8] = []
        for (seed, size) in [1, 5, 3, 4096, 4097, 60_000, 4000, 4000, 70_000, 1].enumerated() {
            let frame = Samples.bytes(size, seed: UInt64(seed))
            queue.append(ordered: frame)
            queue.append([UInt8(seed)], then: sample.file, offset: UInt64(size), count: 20_000)
            expected += frame + [UInt8(seed)] + sample.bytes[size..<size + 20_000]
        }
        let (bytes, fileSent) = try drain(&queue)
        #expect(Bytes(bytes) == Bytes(expected))
        #expect(fileSent == 200_000)
        #expect(queue.isEmpty && queue.frameBytes == 0 && queue.fileBytes == 0)
    }

    @Test("Small frames are gathered, and a frame behind one that is partly sent loses nothing")
    func appendsBehindPartlySent() throws {
        let stream = try Stream()
        var queue = SendQueue()
        let first = Samples.bytes(4096, seed: 1)
        for _ in 0..<10 { queue.append(first) }
        var (written, fileSent) = (0, 0)
        _ = try queue.write(to: stream.near.rawValue, budget: 1 << 20, written: &written, fileSent: &fileSent)
        #expect(queue.frameBytes == 40_960 - written)
        let second = Samples.bytes(4000, seed: 2)
        queue.append(second)
        var read: [UInt8] = []
        while !queue.isEmpty {
            read += stream.read()
            _ = try queue.write(to: stream.near.rawValue, budget: 1 << 20, written: &written, fileSent: &fileSent)
        }
        while case let bytes = stream.read(), !bytes.isEmpty { read += bytes }
        #expect(Bytes(read) == Bytes(Array(repeatElement(first, count: 10).joined()) + second))
    }

    @Test("The budget ends a write before the queue is empty")
    func keepsToBudget() throws {
        let sample = try SampleFile(length: 4000)
        let stream = try Stream()
        var queue = SendQueue()
        queue.append([7], then: sample.file, offset: 0, count: 4000)
        var (written, fileSent) = (0, 0)
        let outcome = try queue.write(to: stream.near.rawValue, budget: 100, written: &written, fileSent: &fileSent)
        #expect(outcome == .budgetSpent)
        #expect(written == 100 && fileSent == 99 && queue.fileBytes == 3901)
        #expect(stream.read() == [7] + sample.bytes[..<99])
    }

    @Test("The budget of file bytes ends a write in the middle of a piece, and frames do not count")
    func keepsToFileBudget() throws {
        let sample = try SampleFile(length: 40)
        let stream = try Stream()
        var queue = SendQueue()
        queue.append([7], then: sample.file, offset: 0, count: 40)
        queue.append([1, 2, 3])
        var (written, fileSent) = (0, 0)
        let write = { (queue: inout SendQueue, fileBudget: Int) throws -> SendQueue.Outcome in
            fileSent = 0
            return try queue.write(
                to: stream.near.rawValue, budget: 1 << 20, fileBudget: fileBudget, written: &written,
                fileSent: &fileSent)
        }
        #expect(try write(&queue, 0) == .fileBudgetSpent)
        #expect(stream.read() == [1, 2, 3, 7])
        #expect(try write(&queue, 10) == .fileBudgetSpent)
        #expect(fileSent == 10 && stream.read() == Array(sample.bytes[..<10]))
        // In the middle of a piece nothing else can go.
        queue.append([4, 5])
        #expect(try write(&queue, 0) == .fileBudgetSpent)
        #expect(stream.read().isEmpty)
        #expect(try write(&queue, 30) == .empty)
        #expect(stream.read() == sample.bytes[10...] + [4, 5])
        #expect(written == 46)
    }

    @Test("A frame goes ahead of pieces that have not begun, and one that keeps its place does not")
    func ordersFrames() throws {
        let sample = try SampleFile(length: 100)
        var queue = SendQueue()
        queue.append([7], then: sample.file, offset: 0, count: 100)
        queue.append(ordered: [8])
        queue.append([1])
        queue.append([2])
        #expect(try drain(&queue).bytes == [1, 2, 7] + sample.bytes + [8])
    }

    @Test("A place is due when all before it has gone, and what fills it comes there")
    func tellsDue() throws {
        let sample = try SampleFile(length: 100)
        let stream = try Stream()
        var queue = SendQueue()
        queue.append([7], then: sample.file, offset: 0, count: 100)
        queue.appendDue()
        queue.appendDue()
        queue.append(ordered: [8])
        queue.fill([0])
        var (written, fileSent) = (0, 0)
        let write = { (queue: inout SendQueue) throws -> SendQueue.Outcome in
            try queue.write(to: stream.near.rawValue, budget: 1 << 20, written: &written, fileSent: &fileSent)
        }
        #expect(try write(&queue) == .due)
        #expect(stream.read() == [7] + sample.bytes)
        queue.fill([9, 9])
        #expect(try write(&queue) == .due)
        queue.fill(nil)
        #expect(try write(&queue) == .empty)
        #expect(stream.read() == [9, 9, 8])
        #expect(queue.isEmpty && queue.frameBytes == 0)
    }

    @Test("A full socket is no error, and a closed one is")
    func tellsFullFromClosed() throws {
        var queue = SendQueue()
        queue.append(Samples.bytes(1 << 20))
        var (written, fileSent) = (0, 0)
        do {
            let stream = try Stream()
            let outcome = try queue.write(
                to: stream.near.rawValue, budget: 4 << 20, written: &written, fileSent: &fileSent)
            #expect(outcome == .wouldBlock)
        }
        let stream = try Stream()
        shutdown(stream.far.rawValue, Int32(SHUT_RD))
        #expect(throws: SystemError.self) {
            _ = try queue.write(to: stream.near.rawValue, budget: 4 << 20, written: &written, fileSent: &fileSent)
        }
    }

    @Test("A slice that ends behind its file's end is told as truncated")
    func noticesTruncation() throws {
        let sample = try SampleFile(length: 100)
        let stream = try Stream()
        var queue = SendQueue()
        queue.append([7], then: sample.file, offset: 50, count: 51)
        var (written, fileSent) = (0, 0)
        #expect(
            try queue.write(to: stream.near.rawValue, budget: 1 << 20, written: &written, fileSent: &fileSent)
                == .truncated)
        #expect(fileSent == 50)
        #expect(queue.currentFile?.path == sample.file.path)
    }
}
