import Content
import Logging
import Posix
import Reactor
import TestSupport

@testable import Node

/// A manager on a reactor that the test ticks.
struct LiveManager {
    let reactor: Reactor<Never>
    let node: ManagerNode
    let port: UInt16

    init(maxPeers: Int, probe: Bool) throws {
        SignalDescriptor.ignoreBrokenPipes()
        reactor = try Reactor()
        port = try WireClient.freePort()
        let settings = ManagerSettings(
            listen: PeerAddress(ipv4: 0x7F00_0001, port: port), insecure: false, logLevel: .critical,
            heartbeatSeconds: 1, silenceSeconds: 3, maxPeers: maxPeers, probe: probe)
        node = ManagerNode(settings, reactor: reactor, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try node.listen(on: settings.listen)
    }

    /// Ticks, and lets clients hear, until something is so.
    /// - Returns: false if it is still not after `seconds`.
    func run(_ clients: [WireClient], seconds: Double, until isDone: () throws -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while try !isDone() {
            guard !deadline.isOver else { return false }
            try reactor.tick(node, waitingAtMost: 5_000_000)
            for client in clients { try client.hear() }
        }
        return true
    }
}
