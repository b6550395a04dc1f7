import Glibc

extension TCPSocket {
    /// Spares a connection within this machine BBR's pacing. BBR sets a timer for every few packets, which gains nothing
    /// where no link can be overrun, and costs the sender two thirds of its processor time and the receiver a sixth. Over
    /// a network, where a crowd shares its links the better for it, everything stays as the system has it. To be called
    /// when the connection stands. Source: TCP_CONGESTION, tcp(7).
    public static func sparePacing(_ socket: Int32) {
        guard congestionControl(of: socket).hasPrefix("bbr"), isWithinMachine(socket) else { return }
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

    /// Both ends have one address, or are on the loopback network.
    private static func isWithinMachine(_ socket: Int32) -> Bool {
        let (_, near) = SocketAddress.read { getsockname(socket, $0, &$1) }
        let (_, far) = SocketAddress.read { getpeername(socket, $0, &$1) }
        guard let near, let far else { return false }
        return near.isLoopback && far.isLoopback || (near.high, near.low) == (far.high, far.low)
    }
}
