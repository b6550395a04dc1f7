import CLinux
import Glibc

/// Nonblocking stream sockets in the file system, for the control channel. Source: unix(7).
public enum UnixSocket {
    /// `sun_path` has 108 bytes, the last for the terminating zero.
    public static let maxPathBytes = 107

    /// Listens at `path` with mode 0600. A socket left there by a daemon that is gone is replaced; one that still
    /// answers is an error (EADDRINUSE).
    public static func listen(at path: String) throws(SystemError) -> FileDescriptor {
        let socket = try open(path)
        if isAnswering(path) { throw SystemError("listen on", on: path, code: EADDRINUSE) }
        try removeStale(path)
        // bind(2) gives the name the socket's own mode, so that there is no instant in which others may connect. A umask
        // would do the same, but for every thread of the process.
        try check("set the mode of", path) { fchmod(socket.rawValue, 0o600) }
        try check("bind to", path) { withAddress(path) { Glibc.bind(socket.rawValue, $0, $1) } }
        try check("listen on", path) { Glibc.listen(socket.rawValue, 64) }
        return socket
    }

    /// - Returns: nil when nobody waits to be accepted.
    public static func accept(_ listener: Int32) throws(SystemError) -> FileDescriptor? {
        let descriptor = retrying { clinux_accept(listener, nil, nil) }
        if descriptor >= 0 { return FileDescriptor(owning: descriptor) }
        if errno == EAGAIN || errno == ECONNABORTED { return nil }
        throw SystemError("accept on", on: "the control socket")
    }

    /// The user id of the process at the other end. Source: SO_PEERCRED, unix(7).
    public static func peerUserID(_ socket: Int32) throws(SystemError) -> UInt32 {
        UInt32(truncatingIfNeeded: try check("read the credentials of", "a control client") { clinux_peer_uid(socket) })
    }

    /// Ends both directions of a connection whose descriptor stays open. Source: shutdown(2).
    public static func shutDown(_ socket: Int32) { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Removes a socket's name; that it is gone already is no error.
    public static func remove(_ path: String) { unlink(path) }

    private static func isAnswering(_ path: String) -> Bool {
        guard let probe = try? open(path) else { return false }
        return withAddress(path) { Glibc.connect(probe.rawValue, $0, $1) } == 0 || errno == EAGAIN
    }

    private static func removeStale(_ path: String) throws(SystemError) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        // Only a socket is ours to remove; anything else was put there by somebody.
        guard info.st_mode & S_IFMT == S_IFSOCK else { throw SystemError("listen on", on: path, code: ENOTSOCK) }
        try check("remove the stale socket", path) { unlink(path) }
    }

    private static func open(_ path: String) throws(SystemError) -> FileDescriptor {
        guard path.utf8.count <= maxPathBytes else {
            throw SystemError("use the control socket", on: path, code: ENAMETOOLONG)
        }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try check("open a socket for", path) { Glibc.socket(AF_UNIX, type, 0) })
    }

    private static func withAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(maxPathBytes)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
