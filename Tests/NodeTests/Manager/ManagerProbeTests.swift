import Content
import Posix
import Testing
import Wire

@testable import Node

/// A manager that connects back to whoever joins.
struct ManagerProbeTests {
    private let manager: LiveManager
    private let door: DescriptorBox
    private let doorPort: UInt16

    init() throws {
        manager = try LiveManager(maxPeers: 100, probe: true)
        let listener = try TCPSocket.listen(on: SocketAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
        doorPort = try TCPSocket.localAddress(listener.rawValue).port
        door = DescriptorBox(listener)
    }

    private func run(_ clients: [WireClient], seconds: Double = 10, until isDone: () throws -> Bool) throws -> Bool {
        try manager.run(clients, seconds: seconds, until: isDone)
    }

    /// A peer that wants to join.
    private func joiner(_ id: UInt64, port: UInt16) throws -> WireClient {
        let client = try WireClient(manager.port)
        client.hello(id)
        client.say(.newPeer(port: port, label: "peer \(id)"))
        return client
    }

    /// Answers whoever has connected, and closes.
    /// - Returns: how many that were.
    private func answer(_ bytes: [UInt8]) throws -> Int {
        var count = 0
        while true {
            guard let accepted = try TCPSocket.accept(door.rawValue) else { return count }
            let visitor = accepted.takeDescriptor()
            _ = bytes.withUnsafeBytes { try? StreamIO.send(visitor.rawValue, $0) }
            count += 1
        }
    }

    private func refusal(_ client: WireClient) -> (RefusalCode, String)? {
        if case .refused(let code, let reason)? = client.messages.last { (code, reason) } else { nil }
    }

    @Test("A peer that says hello to the manager at its own address is welcomed, after exactly one connection to it")
    func reached() throws {
        let client = try joiner(1, port: doorPort)
        let hello = Message.hello(Hello(id: PeerID(high: 9, low: 1), role: .peer)).encoded
        var visits = 0
        #expect(
            try run([client]) {
                visits += try answer(hello)
                return client.messages.contains { $0.type == .rosterDelta }
            })
        #expect(visits == 1 && client.messages.contains { $0.type == .welcome })
    }

    @Test("A peer that has no room for a connection at that moment counts as reached")
    func full() throws {
        let client = try joiner(1, port: doorPort)
        let refused = Message.refused(.full, reason: "too many connections").encoded
        #expect(
            try run([client]) {
                _ = try answer(refused)
                return client.messages.contains { $0.type == .welcome }
            })
    }

    @Test("A port on which nobody listens is no peer's: it is told so, and closed")
    func nobody() throws {
        let client = try joiner(1, port: try WireClient.freePort())
        #expect(try run([client]) { client.isAtEnd })
        #expect(refusal(client)?.0 == .unreachable)
        #expect(refusal(client)?.1.contains("Connection refused") == true)
    }

    @Test(
        "What answers but is no peer is not joined",
        arguments: [
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [],
            Message.hello(Hello(id: PeerID(high: 9, low: 1), role: .manager)).encoded,
        ])
    func other(_ bytes: [UInt8]) throws {
        let client = try joiner(1, port: doorPort)
        #expect(
            try run([client]) {
                _ = try answer(bytes)
                return client.isAtEnd
            })
        #expect(refusal(client)?.0 == .unreachable)
    }

    @Test("One that accepts and says nothing is given up after a few seconds, and holds nobody else up")
    func silent() throws {
        let mute = try joiner(1, port: doorPort)
        let other = try joiner(2, port: WireClient.freePort())
        #expect(try run([mute, other], seconds: 3) { other.isAtEnd })
        #expect(!mute.isAtEnd)
        #expect(try run([mute], seconds: 20) { mute.isAtEnd })
        #expect(refusal(mute)?.0 == .unreachable)
    }
}
