import Content
import Foundation
import Logging
import PeerCore
import Posix
import Reactor
import Storage
import TestSupport
import Testing
import Transport
import Wire

@testable import Node

/// A whole peer in this process, spoken to over its sockets. Machines have their own tests, and so have the programs.
struct PeerNodeTests {
    private let shared: Shared
    private let reactor: PeerReactor
    private let node: PeerNode
    private let port: UInt16

    init() throws {
        SignalDescriptor.ignoreBrokenPipes()
        shared = try Shared()
        reactor = try PeerReactor()
        port = try WireClient.freePort()
        let socket = "\(shared.path)/control.sock"
        let settings = PeerSettings(
            listen: PeerAddress(ipv4: 0x7F00_0001, port: port), share: shared.sharePath,
            managers: [try #require(ManagerEndpoint("127.0.0.1:\(try WireClient.freePort())"))], controlSocket: socket,
            stateDirectory: "\(shared.path)/state", insecure: false, logLevel: .critical, workers: 2, label: "test",
            hooks: HookSettings(),
            rates: RateLimits(exempt: [try #require(Network("192.0.2.0/24"))]), uploadSlots: 2, minFree: .bytes(0),
            maxDownloads: 4)
        node = PeerNode(
            settings, id: PeerID(high: 1, low: 1), share: shared.share, partials: shared.partials,
            control: try ControlServer(path: socket, reactor: reactor), reactor: reactor,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func run(_ seconds: Double = 10, _ clients: [WireClient] = [], until isDone: () -> Bool) throws -> Bool {
        let deadline = Deadline(seconds)
        while !isDone() {
            guard !deadline.isOver else { return false }
            try reactor.tick(node, waitingAtMost: 5_000_000)
            for client in clients { try client.hear() }
        }
        return true
    }

    /// Begins with one file indexed, and a client that has said hello.
    private func begin(length: Int) throws -> (WireClient, FileRoot) {
        try shared.write(Pattern.bytes(length), to: "file")
        try node.begin()
        let name = try ShareName("file")
        #expect(try run { node.machine.offered[name] != nil })
        let root = try #require(node.machine.offered[name]?.root)
        let client = try WireClient(port)
        client.hello(5)
        #expect(try run(10, [client]) { client.messages.contains { $0.type == .hello } })
        return (client, root)
    }

    @Test("That the database takes nothing is known with its reason until it takes something again")
    func stateError() {
        let error = StateDatabaseError("write to", "p2pd.sqlite", reason: "disk I/O error", cause: .other)
        #expect(node.stateError == nil)
        node.completed(.ledger(.indexWritten(.failure(error))))
        #expect(
            node.stateError?.contains("index of the share is not kept: write to p2pd.sqlite: disk I/O error") == true)
        node.completed(.ledger(.recorded(.failure(error))))
        #expect(node.stateError?.contains("downloads are not recorded: write to p2pd.sqlite") == true)
        node.completed(.ledger(.recorded(.success(()))))
        node.completed(.ledger(.indexWritten(.success(1))))
        #expect(node.stateError == nil)
        node.end()
    }

    @Test("A download whose row was not taken is not recorded, whatever else is, until it has one")
    func unrecorded() throws {
        let error = StateDatabaseError("write to", "p2pd.sqlite", reason: "full", cause: .outOfSpace)
        let id = DownloadID(rawValue: 1)
        let entry = DownloadEntry(
            id: id, name: try ShareName("a"), root: .empty, modified: 0, replacing: false, keepsBackup: true,
            sync: true,
            priority: 0, state: .running)
        node.keep(entry)
        node.completed(.ledger(.downloadRecorded(id, .failure(error))))
        node.completed(.ledger(.recorded(.success(()))))
        #expect(node.stateError != nil && node.unrecorded == [id])
        node.completed(.ledger(.downloadRecorded(id, .success(()))))
        #expect(node.stateError == nil && node.unrecorded.isEmpty)
        node.end()
    }

    @Test("What is indexed is offered and served")
    func serves() throws {
        let (client, root) = try begin(length: 100)
        client.say(.req(request: 3, .name(try ShareName("file"))))
        #expect(try run(10, [client]) { client.messages.contains { $0.type == .have } })
        client.say(.hashesRequest(root, first: 0, count: 1))
        #expect(try run(10, [client]) { client.messages.contains { $0.type == .hashes } })
        node.end()
    }

    @Test("Leaving with uploads under way to one who does not read ends within two seconds")
    func leavesWithUploads() throws {
        let (client, root) = try begin(length: 40 << 20)
        client.say(.chunk(root, first: 0, count: 40))
        #expect(try run { node.transport.fileBytesSent > 1 << 20 })
        let start = MonotonicClock.nanoseconds()
        node.leave()
        try reactor.run(node)
        node.end()
        #expect(MonotonicClock.nanoseconds() - start < 2_500_000_000)
        #expect(node.transport.count == 0)
    }

    @Test("Limits can be changed while the peer runs, and leave alone who is exempt")
    func changesLimits() throws {
        let rate = ByteRate(bytesPerSecond: 1 << 20)
        let exempt = node.rates.exempt
        #expect(node.rates.upload == nil && node.rates.download == nil && exempt.count == 1)
        node.setLimits(upload: rate, download: nil)
        #expect(node.rates == RateLimits(upload: rate, download: nil, exempt: exempt))
        node.setLimits(upload: nil, download: rate)
        #expect(node.rates == RateLimits(upload: nil, download: rate, exempt: exempt))
        node.end()
    }

    @Test("Who waits behind others for a slot is told when to come back, within a few seconds")
    func tellsBusy() throws {
        let (first, root) = try begin(length: 40 << 20)
        let clients = try [first] + (0..<2).map { _ in try WireClient(port) }
        for (number, client) in clients.dropFirst().enumerated() { client.hello(UInt64(10 + number)) }
        // There is enough for two, whose pieces take minutes.
        node.setLimits(upload: ByteRate(bytesPerSecond: 5 << 10), download: nil)
        for client in clients { client.say(.chunk(root, first: 0, count: 40)) }
        var retries: [UInt32] = []
        let deadline = Deadline(8)
        while retries.isEmpty, !deadline.isOver {
            try reactor.tick(node, waitingAtMost: 5_000_000)
            for client in clients { try client.hear(untilPiece: true) }
            retries = clients.flatMap(\.messages).compactMap { message in
                if case .busy(first: 0, let retryAfter) = message { retryAfter } else { nil }
            }
        }
        #expect(retries.count == 1 && retries.allSatisfy { (500...30_000).contains($0) })
        #expect(node.uploads.servedCount == 2)
        node.end()
    }

    @Test("A connection that closes with chunks waiting leaves no file open")
    func forgetsUploads() throws {
        do {
            let (client, root) = try begin(length: 40 << 20)
            for first in 0..<20 { client.say(.chunk(root, first: first, count: 20)) }
            #expect(try run { node.uploads.openCount == 1 })
        }
        #expect(try run { node.transport.count == 0 })
        #expect(node.uploads.openCount == 0)
        node.end()
    }
}
