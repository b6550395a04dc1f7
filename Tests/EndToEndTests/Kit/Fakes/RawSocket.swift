import Content
import Foundation

/// A blocking TCP socket that says what no honest program would. Every call has a deadline.
final class RawSocket {
    let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: Int(Patience.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    convenience init(connectingTo address: PeerAddress) throws {
        let descriptor = try SocketAddress(address).open { socket, name, length in Glibc.connect(socket, name, length) }
        self.init(descriptor: descriptor)
    }

    convenience init(connectingToUnix path: String) throws {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        self.init(descriptor: try UnixAddress(path).open(kind) { Glibc.connect($0, $1, $2) })
    }

    deinit { close(descriptor) }

    /// Sends all of it; false if the other end would not have it any more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends this direction, so that the other end reads to its end.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next bytes there are; nil at the end, after a reset, or when none came in time.
    func receive(atMost limit: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Reads until the other end closes, and says whether it did.
    func isClosedByPeer(within seconds: Double = Patience.seconds) -> Bool {
        let deadline = now() + seconds
        while now() < deadline {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 100) == 1, receive() == nil { return true }
        }
        return false
    }
}

/// A socket address as the kernel takes it.
struct SocketAddress {
    private var name = sockaddr_storage()
    private let length: socklen_t
    private let family: Int32

    init(_ address: PeerAddress) {
        if let ipv4 = address.ipv4 {
            let word = in_addr(s_addr: ipv4.bigEndian)
            var inner = sockaddr_in()
            inner.sin_family = sa_family_t(AF_INET)
            inner.sin_port = address.port.bigEndian
            inner.sin_addr = word
            (family, length) = (AF_INET, socklen_t(MemoryLayout<sockaddr_in>.size))
            withUnsafeMutableBytes(of: &name) { $0.storeBytes(of: inner, as: sockaddr_in.self) }
        } else {
            var inner = sockaddr_in6()
            inner.sin6_family = sa_family_t(AF_INET6)
            inner.sin6_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &inner.sin6_addr) { bytes in
                bytes.storeBytes(of: address.high.bigEndian, toByteOffset: 0, as: UInt64.self)
                bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            (family, length) = (AF_INET6, socklen_t(MemoryLayout<sockaddr_in6>.size))
            withUnsafeMutableBytes(of: &name) { $0.storeBytes(of: inner, as: sockaddr_in6.self) }
        }
    }

    /// Opens a TCP socket and does `call`, connect(2) or bind(2), with it.
    func open(_ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = withUnsafeBytes(of: name) { bytes in
            call(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, length)
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure("connect or bind: \(reason)")
        }
        return descriptor
    }
}
