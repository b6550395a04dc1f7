import Content
import Posix
import Reactor
import Wire

/// Where the manager connects back to each peer that joins: one door for all of them. Whoever rings hears a hello, and
/// the door is shut again.
struct Doorbell: ~Copyable {
    private let listener: FileDescriptor
    let token: Token
    let port: UInt16

    private static let hello = Message.hello(Hello(id: PeerID(high: 1, low: 1), role: .peer)).encoded

    /// On every address of this machine.
    init(on reactor: Reactor<Never>) throws(SystemError) {
        let socket = try TCPSocket.listen(on: SocketAddress(high: 0, low: 0, port: 0))
        let port = try TCPSocket.localAddress(socket.rawValue).port
        let token = try reactor.register(socket.rawValue, .readable)
        listener = socket
        (self.port, self.token) = (port, token)
    }

    func answer() throws(SystemError) {
        while true {
            guard let accepted = try TCPSocket.accept(listener.rawValue) else { return }
            let visitor = accepted.takeDescriptor()
            // Whoever is gone again has no use for it.
            _ = Doorbell.hello.withUnsafeBytes { try? StreamIO.send(visitor.rawValue, $0) }
        }
    }
}
