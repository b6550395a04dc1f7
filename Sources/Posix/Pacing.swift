import Glibc

/// Connections within this machine do without BBR's pacing. BBR sets a timer for every few packets, which gains nothing
/// where no link can be overrun, and costs a fast stream a quarter of its time. Over a network, where a crowd shares its
/// links the better for it, everything stays as the system has it.
///
/// The timers stay when another algorithm takes the place of BBR in a connection that stands (Linux never takes
/// `sk_pacing_status` back). So a socket has the other one before it connects, or has it from its listener; and an
/// accepted connection that comes from elsewhere is given back what the system has. Source: TCP_CONGESTION, tcp(7).
extension TCPSocket {
    /// What new sockets have.
    static let systemAlgorithm: String = {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = FileDescriptor(owning: Glibc.socket(AF_INET, type, 0))
        return congestionControl(of: socket.rawValue)
    }()

    private static var systemPaces: Bool { systemAlgorithm.hasPrefix("bbr") }

    /// To be called before a socket listens or connects within the machine.
    static func sparePacing(_ socket: Int32) {
        guard systemPaces else { return }
        // The kernel's own default may be kept from users by an administrator; reno is there for everybody.
        for name in ["cubic", "reno"] where setCongestionControl(of: socket, name) { return }
    }

    /// To be called before a socket connects.
    static func sparePacing(_ socket: Int32, to address: SocketAddress) {
        if systemPaces, isOfThisMachine(address) { sparePacing(socket) }
    }

    /// To be called for a connection that was just accepted.
    static func restorePacing(_ socket: Int32, from address: SocketAddress) {
        if systemPaces, !staysWithinMachine(socket, address) { _ = setCongestionControl(of: socket, systemAlgorithm) }
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

    private static func setCongestionControl(of socket: Int32, _ name: String) -> Bool {
        name.withCString {
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_CONGESTION, $0, socklen_t(name.utf8.count)) == 0
        }
    }

    /// On the loopback network, or an address that this machine has: then the way to it begins there. Connecting a
    /// datagram socket sends nothing.
    private static func isOfThisMachine(_ address: SocketAddress) -> Bool {
        guard !address.isLoopback else { return true }
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        let probe = FileDescriptor(owning: Glibc.socket(address.family, type, 0))
        return address.withSockaddr { Glibc.connect(probe.rawValue, $0, $1) } == 0
            && staysWithinMachine(probe.rawValue, address)
    }

    /// Whether the other end of a socket is on the loopback network, or has the address of this end.
    private static func staysWithinMachine(_ socket: Int32, _ far: SocketAddress) -> Bool {
        guard !far.isLoopback else { return true }
        guard let near = try? localAddress(socket) else { return false }
        return (near.high, near.low) == (far.high, far.low)
    }
}
