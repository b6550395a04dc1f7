import Glibc

/// The datagram socket on which a service manager listens for its services' state (sd_notify(3)).
public enum NotifySocket {
    /// Bytes in `sun_path` (unix(7)).
    private static let pathCapacity = 108
    /// A service manager that does not read must not hold up a daemon that wants to stop.
    private static let sendTimeoutSeconds = 1

    /// Sends one datagram.
    ///
    /// - Parameters:
    ///   - state: lines of `NAME=value`.
    ///   - address: the socket's absolute path, or `@` and an abstract name.
    /// - Returns: 0, or the errno of the call that failed; EAFNOSUPPORT for an address of another form, ENAMETOOLONG
    ///   for one longer than `sun_path`.
    public static func send(_ state: String, to address: String) -> Int32 {
        let path = Array(address.utf8)
        guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "@") else { return EAFNOSUPPORT }
        guard path.count < pathCapacity else { return ENAMETOOLONG }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: sendTimeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        return send(Array(state.utf8), on: descriptor, to: path)
    }

    private static func send(_ bytes: [UInt8], on descriptor: Int32, to path: [UInt8]) -> Int32 {
        var (destination, length) = socketAddress(path)
        let sent = withUnsafePointer(to: &destination) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent < 0 ? errno : 0
    }

    /// An abstract name begins with NUL where the text has `@`, and its length alone ends it.
    private static func socketAddress(_ path: [UInt8]) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        if path.first == UInt8(ascii: "@") { address.sun_path.0 = 0 }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
        return (address, socklen_t(offset + path.count))
    }
}
