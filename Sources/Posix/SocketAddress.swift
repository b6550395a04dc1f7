import Glibc

/// An IP address and port in the shape the kernel wants. IPv4 is held as an IPv4-mapped IPv6 address.
public struct SocketAddress: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16

    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    var isIPv4: Bool { high == 0 && low & 0xFFFF_FFFF_0000_0000 == SocketAddress.mappedPrefix }
    var isUnspecified: Bool { high == 0 && low == 0 }
    /// 127.0.0.0/8 or ::1.
    var isLoopback: Bool { isIPv4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }
    var family: Int32 { isIPv4 ? AF_INET : AF_INET6 }

    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        if isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
            return SocketAddress.withPointer(to: &address, body)
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return SocketAddress.withPointer(to: &address, body)
    }

    private static func withPointer<S, R>(
        to address: inout S, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<S>.size)) }
        }
    }

    /// - Parameter fill: a call that fills in a `sockaddr` and its length, such as accept(2) or getsockname(2).
    static func read(_ fill: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Int32) -> (Int32, SocketAddress?) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            let result = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { fill($0, &length) }
            return (result, result < 0 ? nil : SocketAddress(UnsafeRawPointer(pointer)))
        }
    }

    private init?(_ pointer: UnsafeRawPointer) {
        switch Int32(pointer.load(as: sa_family_t.self)) {
        case AF_INET:
            let address = pointer.load(as: sockaddr_in.self)
            let word = UInt64(UInt32(bigEndian: address.sin_addr.s_addr))
            self.init(high: 0, low: SocketAddress.mappedPrefix | word, port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            let address = pointer.load(as: sockaddr_in6.self)
            let words = withUnsafeBytes(of: address.sin6_addr) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self.init(
                high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1),
                port: UInt16(bigEndian: address.sin6_port))
        default: return nil
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    public var description: String {
        if isIPv4 {
            let quad = stride(from: UInt64(24), through: 0, by: -8).map { String(low >> $0 & 0xFF) }
            return "\(quad.joined(separator: ".")):\(port)"
        }
        let groups = [high, low].flatMap { word in
            stride(from: UInt64(48), through: 0, by: -16).map { String(word >> $0 & 0xFFFF, radix: 16) }
        }
        return "[\(groups.joined(separator: ":"))]:\(port)"
    }
}
