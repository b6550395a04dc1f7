import Glibc

extension TCPSocket {
    /// Spares a short path BBR's pacing. BBR sets a timer for every few packets, which on a path of less than a
    /// millisecond gains nothing and costs the sender two thirds of its processor time and the receiver a sixth. Longer
    /// paths, and every other algorithm, stay as the system has them. To be called when the connection stands: its
    /// handshake has measured the path. Source: TCP_CONGESTION and TCP_INFO, tcp(7).
    public static func sparePacing(_ socket: Int32) {
        guard congestionControl(of: socket).hasPrefix("bbr"), roundTripMicroseconds(of: socket) < 1000 else { return }
        // The kernel's own default may be kept from users by an administrator; reno is there for everybody.
        for name in ["cubic", "reno"] {
            let result = name.withCString {
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_CONGESTION, $0, socklen_t(name.utf8.count))
            }
            if result == 0 { return }
        }
    }

    /// The name of a socket's algorithm; empty where the kernel does not tell.
    static func congestionControl(of socket: Int32) -> String {
        // TCP_CA_NAME_MAX of the kernel.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 17) { name in
            name.initialize(repeating: 0)
            var length = socklen_t(16)
            guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_CONGESTION, name.baseAddress, &length) == 0,
                let text = name.baseAddress
            else { return "" }
            return String(cString: text)
        }
    }

    private static func roundTripMicroseconds(of socket: Int32) -> UInt32 {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return .max }
        return info.tcpi_rtt
    }
}
