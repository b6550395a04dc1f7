import Content
import Foundation
import Posix
import Testing
import Wire

/// The other end of a daemon's connection, as a plain socket: it says and hears messages, and reads only when told to.
final class WireClient {
    private let socket: FileDescriptor
    private var decoder = FrameDecoder()
    private(set) var messages: [Message] = []

    /// - Parameter receiveBuffer: bytes that the kernel may hold for this end to read.
    init(_ port: UInt16, receiveBuffer: Int32? = nil) throws {
        socket = FileDescriptor(owning: Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        if var size = receiveBuffer {
            setsockopt(socket.rawValue, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = socket.rawValue
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    func say(_ message: Message) {
        let bytes = message.encoded
        _ = send(socket.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func hello(_ id: UInt64) { say(.hello(Hello(id: PeerID(high: 9, low: id), role: .peer))) }

    /// Takes what has come.
    /// - Parameter untilPiece: hears nothing more once a piece has begun, whose bytes are no messages.
    func hear(untilPiece: Bool = false) throws {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while !(untilPiece && messages.last?.type == .piece),
            case let count = recv(socket.rawValue, &block, block.count, 0), count > 0
        {
            block[..<count].withUnsafeBytes { decoder.append($0) }
            while !(untilPiece && messages.last?.type == .piece), let message = try decoder.next() {
                messages.append(message)
            }
        }
    }

    /// Reads what has come and forgets it.
    func skip() {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while recv(socket.rawValue, &block, block.count, 0) > 0 {}
    }

    var isAtEnd: Bool {
        var byte: UInt8 = 0
        let count = recv(socket.rawValue, &byte, 1, Int32(truncatingIfNeeded: Int(MSG_PEEK)))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }

    /// A port that nobody listens on at the moment.
    static func freePort() throws -> UInt16 {
        let socket = try TCPSocket.listen(on: SocketAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
        return try TCPSocket.localAddress(socket.rawValue).port
    }
}
