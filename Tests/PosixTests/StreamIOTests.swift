import Foundation
import Posix
import Testing

@Suite struct StreamIOTests {
    /// Two ends of a TCP connection on loopback, nonblocking.
    private final class Connection {
        let near: FileDescriptor
        let far: FileDescriptor

        init() throws {
            let listener = try TCPSocket.listen(on: TCPSocketTests.fourth)
            near = try TCPSocket.connect(to: TCPSocket.localAddress(listener.rawValue))
            var entry = pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)
            try #require(poll(&entry, 1, 5000) == 1)
            guard let accepted = try TCPSocket.accept(listener.rawValue) else { throw CancellationError() }
            far = accepted.takeDescriptor()
        }
    }

    private func read(_ stream: Int32, max: Int = 65_536) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: max)
        switch try bytes.withUnsafeMutableBytes({ try StreamIO.read(stream, into: $0) }) {
        case .bytes(let count): return Array(bytes[..<count])
        case .wouldBlock: return []
        case .endOfStream: return nil
        }
    }

    private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    @Test(
        "With a tiny send buffer a send takes part of the bytes, then would block, and in the end all arrive in order")
    func partialSend() throws {
        let connection = try Connection()
        TCPSocket.setSendBuffer(connection.near.rawValue, bytes: 4096)
        var small: Int32 = 4096
        setsockopt(connection.far.rawValue, SOL_SOCKET, SO_RCVBUF, &small, 4)
        let bytes = pattern(96 << 10)
        var (sent, received) = (0, [UInt8]())
        var (partial, blocked) = (false, false)
        while received.count < bytes.count {
            let answer = try bytes.withUnsafeBytes {
                try StreamIO.send(connection.near.rawValue, UnsafeRawBufferPointer(rebasing: $0[sent...]))
            }
            switch sent == bytes.count ? .wouldBlock : answer {
            case .bytes(let count):
                partial = partial || sent + count < bytes.count
                sent += count
            case .wouldBlock:
                blocked = true
                received += try read(connection.far.rawValue) ?? []
            case .endOfStream: Issue.record("a send has no end")
            }
        }
        #expect(partial && blocked)
        #expect(received == bytes)
    }

    @Test("Reading what is not there would block, and what was closed is the end")
    func emptyAndEnd() throws {
        let near = try Connection()
        #expect(try read(near.near.rawValue) == [])
        shutdown(near.far.rawValue, Int32(SHUT_WR))
        var entry = pollfd(fd: near.near.rawValue, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, 5000)
        #expect(try read(near.near.rawValue) == nil)
    }

    @Test("A read into two buffers fills the first before the second")
    func vectored() throws {
        let connection = try Connection()
        let bytes = pattern(10)
        _ = try bytes.withUnsafeBytes { try StreamIO.send(connection.near.rawValue, $0) }
        var entry = pollfd(fd: connection.far.rawValue, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, 5000)
        var (first, second) = ([UInt8](repeating: 0, count: 4), [UInt8](repeating: 0, count: 64))
        let answer = try first.withUnsafeMutableBytes { head in
            try second.withUnsafeMutableBytes { tail in
                try StreamIO.read(connection.far.rawValue, into: head, then: tail)
            }
        }
        #expect(answer == .bytes(10))
        #expect(first + second.prefix(6) == bytes)
    }

    @Test("A send to a closed connection is an error, not a signal")
    func brokenPipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        close(ends[1])
        let near = FileDescriptor(owning: ends[0])
        let error = code {
            _ = try [UInt8(1)].withUnsafeBytes { bytes in try StreamIO.send(near.rawValue, bytes) }
        }
        #expect(error == EPIPE)
    }

    // MARK: sendfile

    @Test("A file is sent from an offset, which advances by what was sent")
    func sendFile() throws {
        let scratch = try Scratch()
        try scratch.write("f", "0123456789")
        let file = try scratch.directory().openFile("f")
        let connection = try Connection()
        var offset: UInt64 = 3
        #expect(try StreamIO.sendFile(connection.near.rawValue, file.rawValue, offset: &offset, count: 4) == .bytes(4))
        #expect(offset == 7)
        var entry = pollfd(fd: connection.far.rawValue, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, 5000)
        #expect(try read(connection.far.rawValue) == Array("3456".utf8))
    }

    @Test("Past the end of a file that was truncated meanwhile there is an end, and not an endless nothing")
    func truncated() throws {
        let scratch = try Scratch()
        try scratch.write("f", "0123456789")
        let file = try scratch.directory().openFile("f")
        try #require(truncate(scratch.path + "/f", 5) == 0)
        let connection = try Connection()
        var offset: UInt64 = 3
        #expect(try StreamIO.sendFile(connection.near.rawValue, file.rawValue, offset: &offset, count: 7) == .bytes(2))
        #expect(
            try StreamIO.sendFile(connection.near.rawValue, file.rawValue, offset: &offset, count: 5) == .endOfStream)
        #expect(offset == 5)
    }

    @Test("A full socket takes part of a file and then would block, and the offset tells how much it took")
    func sendFileBlocks() throws {
        let scratch = try Scratch()
        let bytes = pattern(1 << 20)
        try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/f"))
        let file = try scratch.directory().openFile("f")
        let connection = try Connection()
        TCPSocket.setSendBuffer(connection.near.rawValue, bytes: 4096)
        var (offset, received, blocked) = (UInt64(0), [UInt8](), false)
        while received.count < bytes.count {
            let before = offset
            let left = bytes.count - Int(offset)
            guard left > 0 else {
                received += try read(connection.far.rawValue) ?? []
                continue
            }
            switch try StreamIO.sendFile(connection.near.rawValue, file.rawValue, offset: &offset, count: left) {
            case .bytes(let count): #expect(offset == before + UInt64(count))
            case .wouldBlock:
                blocked = true
                #expect(offset == before)
                received += try read(connection.far.rawValue, max: 1 << 20) ?? []
            case .endOfStream: Issue.record("the file is longer")
            }
        }
        #expect(blocked)
        #expect(received == bytes)
    }
}
