import Content
import Posix
import Reactor

extension PeerAddress {
    init(_ address: SocketAddress) {
        self.init(high: address.high, low: address.low, port: address.port)
    }
}

extension SocketAddress {
    public init(_ address: PeerAddress) {
        self.init(high: address.high, low: address.low, port: address.port)
    }
}

extension ConnectionID {
    init(_ token: Token) {
        self.init(rawValue: token.rawValue)
    }
}

extension Token {
    init(_ connection: ConnectionID) {
        self.init(rawValue: connection.rawValue)
    }
}
