import Glibc

/// Turns a host name into addresses. Blocks for as long as the resolver takes: for workers only.
public enum HostLookup {
    /// - Returns: the first address of `host`. Source: getaddrinfo(3).
    public static func resolve(host: String, port: UInt16) throws(HostLookupError) -> SocketAddress {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0, let list else {
            throw HostLookupError(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        let (_, address) = SocketAddress.read { pointer, length in
            guard let found = list.pointee.ai_addr, list.pointee.ai_addrlen <= length else { return -1 }
            length = list.pointee.ai_addrlen
            memcpy(pointer, found, Int(length))
            return 0
        }
        guard let address else { throw HostLookupError(host: host, reason: "no IP address") }
        return SocketAddress(high: address.high, low: address.low, port: port)
    }
}

public struct HostLookupError: Error, CustomStringConvertible {
    public let host: String
    public let reason: String
    public var description: String { "look up host \(host): \(reason)" }
}
