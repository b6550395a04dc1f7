import Control
import Posix
import Reactor

/// Names one connected client of the control socket.
struct ControlClientID: Hashable, Sendable {
    let token: Token
}

/// What serves the control socket's clients.
protocol ControlHandler: AnyObject {
    func requested(_ request: ControlRequest, by client: ControlClientID)
    func clientGone(_ client: ControlClientID)
}

/// The control socket on the reactor: accepts clients of this user or root, cuts their bytes into requests, and sends
/// them lines.
final class ControlServer<Completion: Sendable> {
    private static var clientsMax: Int { 64 }
    private static var acceptPauseNanoseconds: UInt64 { 200_000_000 }
    /// Bytes waiting for one client; beyond it the client does not read and is dropped.
    private static var queueMax: Int { 16 << 20 }

    private let reactor: Reactor<Completion>
    private let path: String
    private var listener: (token: Token, box: DescriptorBox)?
    private var clients: [Token: ControlClient] = [:]
    private var acceptTimer: TimerID?

    /// Listens at `path`, replacing a socket that a daemon left behind.
    init(path: String, reactor: Reactor<Completion>) throws(SystemError) {
        self.reactor = reactor
        self.path = path
        let socket = try UnixSocket.listen(at: path)
        let token = try reactor.register(socket.rawValue, .readable)
        listener = (token, DescriptorBox(socket))
    }

    /// Sends a whole line; nothing happens for a client that is gone. One that does not read hears no more, and is told
    /// as gone in the next tick.
    func send(_ line: [UInt8], to client: ControlClientID) {
        guard let connection = clients[client.token], !connection.isCutOff else { return }
        connection.output += line
        write(connection)
        if connection.output.count > Self.queueMax { cutOff(connection) }
    }

    /// Ends both directions: what is left to read is the end of the stream, and reading that drops the client.
    private func cutOff(_ client: ControlClient) {
        client.isCutOff = true
        client.output = []
        UnixSocket.shutDown(client.socket.rawValue)
        reactor.watch(client.token, .readable)
    }

    /// Stops listening and removes the socket's name.
    func close() {
        guard let listener else { return }
        reactor.close(listener.token, listener.box.take())
        self.listener = nil
        UnixSocket.remove(path)
    }

    func ready<H: ControlHandler>(_ token: Token, _ mask: EventPoll.Mask, _ handler: H) {
        if token == listener?.token { return accept() }
        guard let client = clients[token] else { return }
        if mask.contains(.writable) { write(client) }
        if !mask.isDisjoint(with: [.readable, .failed]) { read(client, handler) }
    }

    /// - Returns: false for a timer that is not this server's.
    func fired(_ timer: TimerID) -> Bool {
        guard timer == acceptTimer else { return false }
        acceptTimer = nil
        if let listener { reactor.watch(listener.token, .readable) }
        return true
    }

    private func accept() {
        do throws(SystemError) { try acceptAll() } catch {
            // Out of descriptors or memory: whoever waits stays in the backlog until there may be room again.
            if let listener { reactor.watch(listener.token, []) }
            acceptTimer = reactor.setTimer(at: reactor.now + Self.acceptPauseNanoseconds)
        }
    }

    private func acceptAll() throws(SystemError) {
        while let listener, let accepted = try UnixSocket.accept(listener.box.rawValue) {
            let user = try? UnixSocket.peerUserID(accepted.rawValue)
            let isAllowed = user == CurrentUser.id || user == 0
            guard isAllowed, clients.count < Self.clientsMax,
                let token = try? reactor.register(accepted.rawValue, .readable)
            else { continue }
            clients[token] = ControlClient(token: token, socket: DescriptorBox(accepted))
        }
    }

    private func read<H: ControlHandler>(_ client: ControlClient, _ handler: H) {
        guard !client.isCutOff else { return drop(client, handler) }
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        let answer = bytes.withUnsafeMutableBytes { try? StreamIO.read(client.socket.rawValue, into: $0) }
        switch answer {
        case .wouldBlock: return
        case .bytes(let count): client.lines.append(bytes[..<count])
        case .endOfStream, nil: return drop(client, handler)
        }
        do throws(LineError) {
            while !client.isCutOff, let line = try client.lines.next() { handle(line, client, handler) }
        } catch {
            drop(client, handler)
        }
    }

    private func handle<H: ControlHandler>(_ line: [UInt8], _ client: ControlClient, _ handler: H) {
        do throws(ControlRequestError) {
            handler.requested(try ControlRequest(line: line), by: ControlClientID(token: client.token))
        } catch {
            send(ControlLine.refusal(error), to: ControlClientID(token: client.token))
        }
    }

    private func write(_ client: ControlClient) {
        while !client.output.isEmpty {
            let answer = client.output.withUnsafeBytes { try? StreamIO.send(client.socket.rawValue, $0) }
            guard case .bytes(let count) = answer else { break }
            client.output.removeFirst(count)
        }
        reactor.watch(client.token, client.output.isEmpty ? .readable : [.readable, .writable])
    }

    private func drop<H: ControlHandler>(_ client: ControlClient, _ handler: H) {
        client.isCutOff = true
        clients[client.token] = nil
        reactor.close(client.token, client.socket.take())
        handler.clientGone(ControlClientID(token: client.token))
    }
}

/// One client's connection.
private final class ControlClient {
    let token: Token
    let socket: DescriptorBox
    var lines = LineSplitter(limit: LineSplitter.maxRequestBytes)
    var output: [UInt8] = []
    /// It did not read; what it still says is not heard.
    var isCutOff = false

    init(token: Token, socket: DescriptorBox) {
        self.token = token
        self.socket = socket
    }
}
