import Content
import Testing

@testable import PeerCore

@Suite struct TurnsTests {
    @Test("Downloads are fetched in the order of asking, though the answers come in another")
    func orderOfAsking() throws {
        let peer = Harness { $0.runningMax = 1 }
        let files = try ["a", "b", "c"].enumerated().map { try TestFile($1, pieces: 3, version: UInt8($0 + 1)) }
        peer.join([1])
        peer.wish(files[0])
        let connection = peer.connect(1)
        peer.have(files[0], on: connection)
        peer.wish(files[1])
        peer.wish(files[2])
        // The harness answers what was asked last.
        peer.have(files[2], on: connection)
        peer.have(files[1], on: connection)
        let queued = { peer.statuses.filter { $0.state == .queued }.map(\.name.path).sorted() }
        #expect(queued() == ["b", "c"])
        peer.feed(.cancel(RequestID(rawValue: 77), files[0].name, keepData: false))
        #expect(queued() == ["c"])
    }
}
