import Foundation

/// The datagram socket on which systemd would hear from a daemon: sd_notify(3).
final class NotifyListener {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = try UnixAddress(path).open(kind) { bind($0, $1, $2) }
    }

    deinit { close(descriptor) }

    /// The next datagram's text; empty if none is there.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
}

/// A Unix-domain socket's address.
struct UnixAddress {
    private var name = sockaddr_un()

    init(_ path: String) {
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    }

    /// Opens a socket of this kind and does `call`, connect(2) or bind(2), with it.
    func open(_ kind: Int32, _ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32) throws -> Int32 {
        let descriptor = socket(AF_UNIX, kind, 0)
        let result = withUnsafeBytes(of: name) { bytes in
            call(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure("connect or bind a Unix socket: \(reason)")
        }
        return descriptor
    }
}
