import CLinux
import Glibc

/// Nonblocking TCP: every call here returns at once.
public enum TCPSocket {
    /// A listening socket. `[::]` also takes IPv4; every other address takes its own family only.
    public static func listen(on address: SocketAddress, backlog: Int32 = 4096) throws(SystemError) -> FileDescriptor {
        let socket = try open(address)
        try setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1)
        if !address.isIPv4 {
            try setOption(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.isUnspecified ? 0 : 1)
        }
        try bind(socket, to: address)
        sparePacing(socket.rawValue)
        try check("listen on", "\(address)") { Glibc.listen(socket.rawValue, backlog) }
        return socket
    }

    /// Starts to connect; the socket becomes writable when that is decided (see `connectError`).
    /// - Parameter source: the address to connect from; its port is ignored.
    public static func connect(
        to address: SocketAddress, from source: SocketAddress? = nil
    ) throws(SystemError) -> FileDescriptor {
        let socket = try open(address)
        if let source, source.family == address.family, !source.isUnspecified {
            // Without this, bind(2) would take a port for this source alone and run out of them early.
            try? setOption(socket, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
            try bind(socket, to: SocketAddress(high: source.high, low: source.low, port: 0))
        }
        sparePacing(socket.rawValue, to: address)
        let result = retrying { address.withSockaddr { Glibc.connect(socket.rawValue, $0, $1) } }
        if result == -1, errno != EINPROGRESS { throw SystemError("connect to", on: "\(address)") }
        return socket
    }

    /// How a started connection ended: nil when it is established.
    public static func connectError(_ socket: Int32, to address: SocketAddress) -> SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        let result = getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length)
        if result == -1 { code = errno }
        return code == 0 ? nil : SystemError("connect to", on: "\(address)", code: code)
    }

    /// - Returns: nil when nobody waits to be accepted.
    public static func accept(_ listener: Int32) throws(SystemError) -> AcceptedSocket? {
        while true {
            let (descriptor, address) = SocketAddress.read { clinux_accept(listener, $0, &$1) }
            if descriptor >= 0 {
                let socket = FileDescriptor(owning: descriptor)
                guard let address else { continue }
                try? setOption(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                restorePacing(descriptor, from: address)
                return AcceptedSocket(descriptor: socket, address: address)
            }
            switch errno {
            case EAGAIN: return nil
            // accept(2): errors of the connection that waited, not of the listener.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH:
                continue
            default: throw SystemError("accept on", on: "descriptor \(listener)")
            }
        }
    }

    /// The address a socket is bound to.
    public static func localAddress(_ socket: Int32) throws(SystemError) -> SocketAddress {
        let (_, address) = SocketAddress.read { getsockname(socket, $0, &$1) }
        guard let address else { throw SystemError("getsockname of", on: "descriptor \(socket)") }
        return address
    }

    /// Sends what is left of a closed connection as a reset instead of waiting for the other end.
    public static func resetOnClose(_ socket: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Bytes the kernel may hold for sending; it doubles what it is given (socket(7)).
    public static func setSendBuffer(_ socket: Int32, bytes: Int32) {
        var size = bytes
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Has the kernel end a connection whose other end has acknowledged nothing for `seconds`, whether data wait for it or
    /// not: a cable that was cut says nothing by itself. Source: TCP_USER_TIMEOUT and TCP_KEEPIDLE, tcp(7).
    public static func endWhenSilent(_ socket: Int32, seconds: Int32) {
        // The last of the probes is due when the time is over.
        let options = [
            (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, max(1, seconds - seconds / 3)),
            (Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(1, seconds / 3)),
            (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, seconds * 1000),
        ]
        for (level, name, value) in options {
            var value = value
            setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Has the kernel keep a connection however long the other end's window stays shut. With a time limit it ends one whose
    /// other end reads slowly, too: the time goes on while less room is there than the next segment needs.
    public static func waitForWindow(_ socket: Int32) {
        var value: Int32 = 0
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Bounds what the kernel takes in ahead of what is read, so that whoever reads slowly lets the other end send a little
    /// often, and not much after a long silence. Source: SO_RCVBUF, socket(7); SO_BUF_LOCK, Linux 5.14.
    /// - Parameter bytes: at most as many as the system allows; nil leaves it to the kernel again.
    public static func setReceiveBuffer(_ socket: Int32, bytes: Int32?) {
        var size = bytes ?? Int32.max / 4
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        guard bytes == nil else { return }
        // The kernel sizes it again, and the window with it, which the small buffer had bounded for good.
        var locks: Int32 = 0
        setsockopt(socket, SOL_SOCKET, bufferLock, &locks, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_WINDOW_CLAMP, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// SO_BUF_LOCK, which not every libc has a name for.
    private static let bufferLock: Int32 = 72

    /// How many bytes must be there before poll(2) says so; the end of the stream is always told. Source: SO_RCVLOWAT,
    /// socket(7).
    public static func setReadThreshold(_ socket: Int32, bytes: Int32) {
        var size = bytes
        setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Bytes that the socket was given and the other end has not acknowledged; 0 if that is not known.
    public static func unacknowledged(_ socket: Int32) -> Int { max(0, Int(clinux_unacknowledged(socket))) }

    private static func open(_ address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = FileDescriptor(
            owning: try check("open a socket for", "\(address)") { Glibc.socket(address.family, type, 0) })
        try? setOption(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        return socket
    }

    private static func bind(_ socket: borrowing FileDescriptor, to address: SocketAddress) throws(SystemError) {
        let descriptor = socket.rawValue
        try check("bind to", "\(address)") { address.withSockaddr { Glibc.bind(descriptor, $0, $1) } }
    }

    private static func setOption(
        _ socket: borrowing FileDescriptor, _ level: Int32, _ name: Int32, _ value: Int32
    ) throws(SystemError) {
        var value = value
        let descriptor = socket.rawValue
        try check("set socket option \(name) of", "descriptor \(descriptor)") {
            setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }
}
