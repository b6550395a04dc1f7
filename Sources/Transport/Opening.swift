import Content
import Posix
import Reactor
import Wire

/// How connections come about: by accepting, and by dialing.
extension Transport {
    func accept<H: TransportHandler>(_ listener: Int32, _ token: Token, _ handler: H) {
        for _ in 0..<limits.acceptsPerTick {
            do throws(SystemError) {
                guard let accepted = try TCPSocket.accept(listener) else { return }
                let address = PeerAddress(accepted.address)
                let connection = try register(accepted.takeDescriptor(), address, .open)
                handler.accepted(connection.id, from: address)
            } catch {
                // Out of descriptors or memory: those who wait stay in the backlog until there is room again.
                reactor.watch(token, [])
                if acceptTimer == nil {
                    acceptTimer = reactor.setTimer(at: reactor.now + limits.acceptPause.nanoseconds)
                }
                return
            }
        }
    }

    func finishDial<H: TransportHandler>(_ connection: Connection, _ handler: H) {
        if let error = TCPSocket.connectError(connection.descriptor, to: SocketAddress(connection.address)) {
            return endDial(connection, "\(error)", handler)
        }
        if let timer = connection.dialTimer {
            reactor.cancelTimer(timer)
            dialTimers[timer] = nil
            connection.dialTimer = nil
        }
        connection.state = .open
        updateInterest(connection)
        handler.dialed(connection.id, failure: nil)
    }

    func endDial<H: TransportHandler>(_ connection: Connection, _ reason: String, _ handler: H) {
        end(connection)
        handler.dialed(connection.id, failure: reason)
    }
}
