import Content
import Posix
import Reactor
import Wire

/// One peer that has joined, or is about to.
final class Member {
    enum State {
        case dialing
        /// Connected, and silent.
        case connected
        case joined
    }

    let id: PeerID
    let token: Token
    var state = State.dialing
    /// It holds the roster that all are to hold.
    var isInformed = false
    private(set) var reader = RosterReader()
    private var rest: [UInt8] = []
    private var socket: FileDescriptor?
    private let descriptor: Int32

    private static let pong = Message.pong(epoch: 0).encoded

    init(_ id: PeerID, _ socket: consuming FileDescriptor, _ token: Token) {
        self.id = id
        self.token = token
        descriptor = socket.rawValue
        self.socket = consume socket
    }

    func takeSocket() -> FileDescriptor? { socket.take() }

    func dialError(_ manager: PeerAddress) -> SystemError? {
        TCPSocket.connectError(descriptor, to: SocketAddress(manager))
    }

    /// - Parameter port: where the manager may connect back to.
    func introduce(port: UInt16) throws(MemberError) {
        let hello = Message.hello(Hello(id: id, role: .peer)).encoded
        try send(hello + Message.newPeer(port: port, label: "bench").encoded)
        state = .joined
    }

    func leave() throws(MemberError) { try send(Message.leftPeer.encoded) }

    /// Reads what has come, at most once through the buffer, and answers pings.
    /// - Parameter buffer: what was left unread goes in front of what comes.
    func read(_ buffer: UnsafeMutableRawBufferPointer) throws(MemberError) {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[RosterReader.restMax...])
        guard case .bytes(let count) = try receive(into: room) else { return }
        let start = RosterReader.restMax - rest.count
        UnsafeMutableRawBufferPointer(rebasing: buffer[start...]).copyBytes(from: rest)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[start..<RosterReader.restMax + count])
        do throws(RosterError) {
            let read = try reader.read(bytes)
            rest = Array(bytes[read...])
        } catch {
            throw .roster(error)
        }
        while reader.pings > 0 {
            try send(Member.pong)
            reader.pings -= 1
        }
    }

    private func receive(into room: UnsafeMutableRawBufferPointer) throws(MemberError) -> Transferred {
        do throws(SystemError) {
            let answer = try StreamIO.read(descriptor, into: room)
            if answer != .endOfStream { return answer }
        } catch {
            throw .system(error)
        }
        throw .closed
    }

    /// A few bytes, for which a socket has room.
    private func send(_ bytes: [UInt8]) throws(MemberError) {
        let result: Result<Transferred, SystemError> = bytes.withUnsafeBytes { bytes in
            do throws(SystemError) { return .success(try StreamIO.send(descriptor, bytes)) } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(.bytes(bytes.count)): return
        case .success: throw .full
        case .failure(let error): throw .system(error)
        }
    }
}

enum MemberError: Error, CustomStringConvertible {
    case system(SystemError)
    case roster(RosterError)
    case closed
    case full

    var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .roster(let error): "\(error)"
        case .closed: "the manager closed a connection"
        case .full: "the manager does not read"
        }
    }
}
