import Control
import Glibc

/// A connection to the daemon's control socket: lines out, lines in, each wait with an end.
/// Source: unix(7), pselect(2).
struct ControlConnection: ~Copyable {
    /// `sun_path` has 108 bytes, the last for the terminating zero.
    private static let maxPathBytes = 107
    private static let readSize = 1 << 16
    /// The daemon's reactor answers within milliseconds; a machine that is swapping may take longer.
    private static let sendSeconds = 10

    let path: String
    private let descriptor: Int32
    private var splitter = LineSplitter(limit: LineSplitter.maxReplyBytes)

    /// What a wait for a line ended with.
    enum Arrival {
        case line([UInt8])
        /// The other descriptor takes bytes.
        case writable
        /// The daemon closed the connection.
        case ended
        case interrupted
        case silent
    }

    init(path: String) throws(ControlFailure) {
        descriptor = try ControlConnection.open(path)
        self.path = path
    }

    deinit { close(descriptor) }

    /// Whether a daemon listens at `path`: its socket file stays behind when it is killed.
    static func isAnswering(_ path: String) -> Bool {
        (try? ControlConnection(path: path)) != nil
    }

    func send(_ line: [UInt8]) throws(ControlFailure) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw ControlConnection.unreachable(path, errno)
            }
        }
    }

    /// Waits for a line.
    /// - Parameters:
    ///   - seconds: nil waits until the daemon says something or ends.
    ///   - writable: another descriptor that ends the wait when it takes bytes.
    mutating func next(
        seconds: Int?, interrupt: borrowing Interrupt, writable: Int32? = nil
    ) throws(ControlFailure) -> Arrival {
        var buffer: [UInt8] = Array(repeating: 0, count: ControlConnection.readSize)
        while true {
            if let line = try nextBuffered() { return .line(line) }
            switch interrupt.wait(readable: descriptor, writable: writable, seconds: seconds) {
            case .readable: break
            case .writable: return .writable
            case .interrupted: return .interrupted
            case .silent: return .silent
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { splitter.append(buffer[..<count]) }
            if count == 0 || (count < 0 && errno != EINTR) { return .ended }
        }
    }

    private mutating func nextBuffered() throws(ControlFailure) -> [UInt8]? {
        do {
            return try splitter.next()
        } catch {
            throw ControlFailure(.unreachable, "\(path): \(error); is this the socket of a p2pd peer?")
        }
    }

    private static func open(_ path: String) throws(ControlFailure) -> Int32 {
        guard !path.isEmpty, path.utf8.count <= maxPathBytes else {
            throw ControlFailure(
                .usage, "\(path): the path of a socket has 1 to \(maxPathBytes) bytes, this one \(path.utf8.count)")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable(path, errno) }
        guard descriptor < FD_SETSIZE else {
            close(descriptor)
            throw unreachable(path, EMFILE)
        }
        guard connect(descriptor, path) else {
            let code = errno
            close(descriptor)
            throw unreachable(path, code)
        }
        return descriptor
    }

    private static func connect(_ descriptor: Int32, _ path: String) -> Bool {
        var limit = timeval(tv_sec: sendSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private static func unreachable(_ path: String, _ code: Int32) -> ControlFailure {
        let advice =
            switch code {
            case ENOENT: "is the daemon running? Start one with: p2pd peer PORT DIR --control \(ShellText.quote(path))"
            case ECONNREFUSED: "the daemon that made this socket is gone; start it again with p2pd peer"
            case EACCES, EPERM: "it belongs to another user; run p2pctl as the daemon's user"
            case EAGAIN: "the daemon does not answer"
            case EPIPE, ECONNRESET: "the daemon closed the connection; its log says why"
            case ENOTSOCK: "this is no socket"
            default: "p2pctl status shows whether the daemon runs"
            }
        let reason = String(cString: strerror(code))
        return ControlFailure(.unreachable, "cannot reach the daemon at \(path): \(reason); \(advice)", errno: code)
    }
}
