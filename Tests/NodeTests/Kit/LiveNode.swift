import Content
import Foundation
import Logging
import Posix
import Reactor
import Storage
import Synchronization
import TestSupport
import Testing
import Transport

@testable import Node

/// A whole peer in this process, on a share with real files and real watches.
final class LiveNode {
    let shared: Shared
    let reactor: PeerReactor
    let node: PeerNode
    let log = LogKeeper()

    init(_ shared: Shared) throws {
        SignalDescriptor.ignoreBrokenPipes()
        self.shared = shared
        reactor = try PeerReactor()
        let socket = "\(shared.path)/\(UUID()).sock"
        let settings = PeerSettings(
            listen: PeerAddress(ipv4: 0x7F00_0001, port: try WireClient.freePort()), share: shared.sharePath,
            managers: [try #require(ManagerEndpoint("127.0.0.1:\(try WireClient.freePort())"))], controlSocket: socket,
            stateDirectory: "\(shared.path)/state", insecure: false, logLevel: .critical, workers: 2, label: "test",
            hooks: HookSettings(), rates: RateLimits(), uploadSlots: 8, minFree: .bytes(0), maxDownloads: 4)
        node = PeerNode(
            settings, id: PeerID(high: 1, low: 1), share: shared.share, partials: shared.partials,
            control: try ControlServer(path: socket, reactor: reactor), reactor: reactor,
            logger: Logger(label: "test") { [log] _ in log })
        try node.begin()
    }

    /// Turns the reactor until something is so.
    /// - Returns: whether it came to be, in time.
    func run(_ seconds: Double = 10, until isDone: () throws -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while try !isDone() {
            guard !deadline.isOver else { return false }
            try reactor.tick(node, waitingAtMost: 5_000_000)
        }
        return true
    }

    /// Turns it for so long.
    func run(for seconds: Double) throws {
        let end = Deadline.now() + seconds
        while Deadline.now() < end { try reactor.tick(node, waitingAtMost: 5_000_000) }
    }

    func awaitReady() throws -> Bool { try run { node.indexer.isReady } }

    /// Leaves and ends, as at SIGTERM.
    func stop() throws {
        node.leave()
        try reactor.run(node)
        node.end()
    }

    var offered: [String] { node.machine.offered.page(after: nil, limit: 10_000).files.map(\.name.path) }
    func root(_ name: String) throws -> FileRoot? { node.machine.offered[try ShareName(name)]?.root }
}

/// Keeps what is logged.
struct LogKeeper: LogHandler {
    final class Lines: Sendable {
        private let kept = Mutex<[String]>([])

        func add(_ line: String) { kept.withLock { $0.append(line) } }
        var all: [String] { kept.withLock { $0 } }
    }

    let lines = Lines()
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add("\(event.level) \(event.message) \(event.metadata ?? [:])")
    }
}
