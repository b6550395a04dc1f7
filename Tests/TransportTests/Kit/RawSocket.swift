import Content
import Foundation
import Posix
import Testing

@testable import Transport

/// A socket that says and hears what a test wants, byte by byte.
final class RawSocket {
    private let socket: FileDescriptor
    var descriptor: Int32 { socket.rawValue }

    /// - Parameter receiveBuffer: bytes that the kernel may hold for this end to read.
    init(to port: UInt16, receiveBuffer: Int32? = nil) throws {
        let type = Int32(SOCK_STREAM.rawValue)
        socket = FileDescriptor(owning: Foundation.socket(AF_INET, type, 0))
        try #require(socket.rawValue >= 0)
        if var size = receiveBuffer {
            setsockopt(socket.rawValue, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var noDelay: Int32 = 1
        setsockopt(socket.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        try #require(RawSocket.connect(socket.rawValue, port) == 0)
        _ = fcntl(socket.rawValue, F_SETFL, O_NONBLOCK)
    }

    static func connect(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        withAddress(port) { Foundation.connect(descriptor, $0, $1) }
    }

    static func withAddress<R>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// - Returns: bytes that the kernel took.
    @discardableResult
    func write(_ bytes: [UInt8], from start: Int = 0) -> Int {
        bytes[start...].withUnsafeBytes { max(0, send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))) }
    }

    /// Writes the same frame until the kernel takes no more.
    /// - Returns: whole frames written.
    func flood(_ frame: [UInt8]) -> Int {
        let block = Array(repeatElement(frame, count: max(1, 65_536 / frame.count)).joined())
        var total = 0
        while true {
            // Where the kernel took part of a block, the next one goes on in the middle of a frame.
            let count = write(block, from: total % frame.count)
            guard count > 0 else { return total / frame.count }
            total += count
        }
    }

    /// What has come.
    func read(atMost limit: Int = 1 << 20) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &block, limit, 0)
        return count > 0 ? Array(block[..<count]) : []
    }

    /// Whether everything has been read and the other end is closed.
    var isAtEnd: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(truncatingIfNeeded: Int(MSG_PEEK)))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }

    /// Ends the connection with a reset.
    func reset() {
        TCPSocket.resetOnClose(descriptor)
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        _ = Foundation.connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }
}

/// A transport that listens, and a raw socket connected to it.
struct RawWired {
    let loop: Loop
    let end: End
    let port: UInt16
    let raw: RawSocket
    let id: ConnectionID

    init(receiveBuffer: Int32? = nil, _ adjust: (inout TransportLimits) -> Void = { _ in }) throws {
        loop = try Loop()
        end = loop.end(adjust)
        port = try end.transport.listen(on: .loopback(0))
        raw = try RawSocket(to: port, receiveBuffer: receiveBuffer)
        let end = end
        try #require(try loop.run { !end.accepted.isEmpty })
        id = end.accepted[0]
    }
}
