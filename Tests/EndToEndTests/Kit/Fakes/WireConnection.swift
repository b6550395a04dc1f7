import Content
import Foundation
import Wire

/// A connection that speaks the protocol, rightly or not: whole messages over a blocking socket.
final class WireConnection {
    let socket: RawSocket
    private var decoder = FrameDecoder()

    init(_ socket: RawSocket) {
        self.socket = socket
    }

    /// Connects and says hello as a peer.
    convenience init(greeting address: PeerAddress, id: PeerID = .someone) throws {
        self.init(try RawSocket(connectingTo: address))
        send(.hello(Hello(id: id, role: .peer)))
    }

    @discardableResult
    func send(_ messages: Message..., raw: [UInt8] = []) -> Bool {
        var bytes: [UInt8] = []
        for message in messages { message.encode(into: &bytes) }
        return socket.send(bytes + raw)
    }

    /// The next message; nil when the other end closed or broke the protocol, or nothing came in time.
    func receive() -> Message? {
        do {
            while true {
                if let message = try decoder.next() { return message }
                guard let bytes = socket.receive() else { return nil }
                bytes.withUnsafeBytes { decoder.append($0) }
            }
        } catch { return nil }
    }

    /// The `count` raw bytes that follow a `piece`.
    func receiveRaw(_ count: Int) -> [UInt8]? {
        var raw = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            filled += raw.withUnsafeMutableBytes { bytes in
                decoder.takeRaw(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            }
            if filled < count {
                guard let more = socket.receive() else { return nil }
                more.withUnsafeBytes { decoder.append($0) }
            }
        }
        return raw
    }
}

extension PeerID {
    /// A new one each time.
    static var someone: PeerID {
        var generator = SystemRandomNumberGenerator()
        return .random(using: &generator)
    }
}
