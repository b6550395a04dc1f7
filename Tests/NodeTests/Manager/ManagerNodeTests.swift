import Content
import Posix
import Testing
import Wire

@testable import Node

struct ManagerNodeTests {
    private let manager: LiveManager

    init() throws {
        manager = try LiveManager(maxPeers: 3, probe: false)
    }

    private func run(_ seconds: Double = 5, _ clients: [WireClient], until isDone: () -> Bool) throws -> Bool {
        try manager.run(clients, seconds: seconds, until: isDone)
    }

    private func joined(_ id: UInt64, _ others: [WireClient] = []) throws -> WireClient {
        let client = try WireClient(manager.port)
        client.hello(id)
        client.say(.newPeer(port: UInt16(7000 + id), label: "peer \(id)"))
        #expect(try run(others + [client]) { client.messages.contains { $0.type == .rosterSnapshot } })
        return client
    }

    private func run(_ clients: [WireClient], until isDone: () -> Bool) throws -> Bool {
        try run(5, clients, until: isDone)
    }

    private func deltas(_ client: WireClient) -> [RosterDelta] {
        client.messages.compactMap { if case .rosterDelta(let delta) = $0 { delta } else { nil } }
    }

    @Test("A peer that joins is welcomed, and everybody hears of it by the address it came from")
    func joins() throws {
        let first = try joined(1)
        let second = try joined(2, [first])
        #expect(try run([first, second]) { deltas(first).contains { $0.joined.contains { $0.label == "peer 2" } } })
        let entry = deltas(first).flatMap(\.joined).first { $0.label == "peer 2" }
        #expect(entry.map { "\($0.address)" } == "127.0.0.1:7002")
    }

    @Test(
        "A peer that says that it leaves, and one whose connection ends, are removed alike", arguments: [false, true])
    func leaves(_ says: Bool) throws {
        let first = try joined(1)
        do {
            let second = try joined(2, [first])
            // A peer that comes and goes between two broadcasts is never heard of.
            #expect(try run([first]) { deltas(first).contains { $0.joined.contains { $0.label == "peer 2" } } })
            if says {
                second.say(.leftPeer)
                #expect(try run([first, second]) { second.isAtEnd })
            }
        }
        #expect(try run([first]) { deltas(first).contains { !$0.left.isEmpty } })
        #expect(deltas(first).flatMap(\.left) == [PeerID(high: 9, low: 2)])
    }

    @Test("A peer that is silent is removed and closed; one that answers stays")
    func dropsSilent() throws {
        let first = try joined(1)
        let second = try joined(2, [first])
        var answered = 0
        #expect(
            try run(8, [first, second]) {
                let pings = first.messages.count { $0.type == .ping }
                while answered < pings {
                    first.say(.pong(epoch: 0))
                    answered += 1
                }
                return second.isAtEnd && deltas(first).contains { !$0.left.isEmpty }
            })
        #expect(!first.isAtEnd)
    }

    @Test("A peer beyond the most there may be is told so and closed")
    func refusesTooMany() throws {
        let members = [try joined(1), try joined(2), try joined(3)]
        let late = try WireClient(manager.port)
        late.hello(4)
        #expect(try run(members + [late]) { late.isAtEnd })
        guard case .refused(.full, _) = late.messages.last else {
            Issue.record("\(late.messages)")
            return
        }
    }

    @Test("Bytes that are no message, and piece data, close their own connection and nobody else's")
    func survivesNonsense() throws {
        let member = try joined(1)
        for message in [
            Message.piece(index: 0, length: 5), .chunk(FileRoot(digest: .zero, length: 9), first: 0, count: 1),
        ] {
            let client = try WireClient(manager.port)
            client.hello(7)
            client.say(message)
            #expect(try run([member, client]) { client.isAtEnd })
        }
        #expect(!member.isAtEnd)
    }

    @Test("A signal ends it at the end of the tick")
    func stops() throws {
        let member = try joined(1)
        manager.node.received(signal: 15)
        member.say(.pong(epoch: 0))
        try manager.reactor.run(manager.node)
        #expect(!member.isAtEnd)
    }
}
