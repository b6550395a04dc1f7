import Content
import Testing
import Wire

@testable import PeerCore

/// How many may connect to a peer.
@Suite struct InboundTests {
    private static let others = PeerAddress(ipv4: 0x0A00_0001, port: 1)

    @Test("One address may not take every place: others still connect")
    func perAddress() {
        let peer = Harness { $0.inboundPerAddressMax = 3 }
        let crowd = (0..<5).map { _ in peer.newConnection() }
        for (number, connection) in crowd.enumerated() {
            peer.feed(.accepted(connection, from: .number(UInt64(number))))
        }
        #expect(crowd.map { peer.closed[$0] == nil } == [true, true, true, false, false])
        guard case .refused(.full, let reason)? = peer.sent(on: crowd[4]).last else {
            Issue.record("it is not told why")
            return
        }
        #expect(reason.contains("from this address"))
        let other = peer.newConnection()
        peer.feed(.accepted(other, from: Self.others))
        #expect(peer.closed[other] == nil)
        peer.feed(.closed(crowd[0], reason: "by the other end"))
        let next = peer.newConnection()
        peer.feed(.accepted(next, from: .number(9)))
        #expect(peer.closed[next] == nil)
    }

    @Test("One peer may not take every place, wherever it comes from")
    func perPeer() {
        let peer = Harness { $0.inboundPerPeerMax = 2 }
        let same = (0..<3).map { _ in peer.accept(1) }
        #expect(same.map { peer.closed[$0] == nil } == [true, true, false])
        #expect(peer.sent(on: same[2]).last?.type == .refused)
        #expect(peer.closed[peer.accept(2)] == nil)
        peer.feed(.closed(same[0], reason: "by the other end"))
        #expect(peer.closed[peer.accept(1)] == nil)
    }

    @Test("Where few descriptors may be open, fewer connections are taken, and some room is left")
    func fits() {
        var policy = PeerPolicy()
        policy.fit(descriptors: 64)
        #expect(policy.inboundMax == 32 && policy.inboundPerAddressMax == 8 && policy.contactsMax == 8)
        var ample = PeerPolicy()
        ample.fit(descriptors: 1 << 20)
        #expect(ample.inboundMax == PeerPolicy().inboundMax && ample.contactsMax == PeerPolicy().contactsMax)
    }
}
