import Content
import Testing
import Wire

@testable import PeerCore

/// From pieces that are written to pieces that are durable, and what a disk that fails takes with it.
@Suite struct CommittingTests {
    private let peer = Harness()
    private let file: TestFile
    private let disk = DiskFailure(message: "fsync: input/output error", code: 5, isOutOfSpace: false)

    init() throws { file = try TestFile(pieces: 4) }

    /// The pieces of the last commit that was begun, which is not answered yet.
    private var committing: [Int] {
        for case .commit(_, let pieces, _) in peer.effects.reversed() { return Array(pieces.runs.joined()) }
        return []
    }

    @Test("A file is not delivered beside a commit, whose sync might be told of what the delivery's is not")
    func deliveryWaits() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(2, of: file, on: connections[0])
        peer.pass(.seconds(2))
        #expect(committing == [0, 1])
        peer.deliver(2, of: file, on: connections[0])
        #expect(!peer.isDelivering())
        peer.feed(.committed(peer.download, nil))
        #expect(peer.isDelivering())
    }

    @Test("Who has a piece himself does not hear that we have it, too; all hear of all when we have all")
    func announcements() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.delta(joined: [2, 3])
        let others = [peer.connect(2), peer.connect(3)]
        for other in others { peer.say(.req(request: 9, .root(file.root)), on: other) }
        // The first of them has what we get next.
        let number = try #require(peer.asked[others[0]]?.last?.number)
        let offer = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 4)))
        peer.say(.have(request: number, try #require(offer)), on: others[0])
        let next = try #require(peer.chunks[connections[0]]?.first?.lowerBound)
        peer.say(.nowHave(file.root, [next..<next + 1]), on: others[0])
        peer.deliver(1, of: file, on: connections[0])
        peer.feed(.committed(peer.download, nil))
        #expect(!peer.sent(on: others[0]).types.contains(.nowHave))
        #expect(peer.sent(on: others[1]).last == .nowHave(file.root, [next..<next + 1]))
        peer.deliver(3, of: file, on: connections[0])
        for _ in 0..<3 where !peer.isDelivering() {
            peer.pass(.seconds(2))
            if !committing.isEmpty { peer.feed(.committed(peer.download, nil)) }
        }
        #expect(peer.isDelivering())
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        for other in others { #expect(peer.sent(on: other).contains(.nowHave(file.root, [0..<4]))) }
    }

    @Test("What a download has that is stopped is made durable at once: nothing comes that it could wait for")
    func stopped() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(2, of: file, on: connections[0])
        #expect(committing.isEmpty)
        peer.feed(.pause(peer.newRequest(), file.name))
        #expect(committing == [0, 1])
    }

    @Test("A commit that fails takes all that was written since the last good one, and nothing of it is delivered")
    func failureTakesAll() {
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(2, of: file, on: connections[0])
        peer.pass(.seconds(2))
        peer.deliver(2, of: file, on: connections[0])
        peer.feed(.committed(peer.download, disk))
        #expect(peer.failure(of: request) == .disk(disk))
        #expect(!peer.isDelivering() && peer.statuses.allSatisfy { $0.have == 0 } && peer.misplaced.isEmpty)
    }

    @Test("A piece that was written when a sync failed, and is told of only then, is asked for again")
    func untoldPieces() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0])
        peer.pass(.seconds(2))
        peer.feed(.committed(peer.download, nil))
        peer.deliver(1, of: file, on: connections[0])
        peer.pass(.seconds(2))
        #expect(peer.announce(2, of: file, on: connections[0]))
        peer.feed(.pieceReceived(connections[0]))
        peer.feed(.committed(peer.download, disk))
        peer.feed(.pieceStored(peer.download, index: 2, from: connections[0], .stored))
        #expect(peer.statuses.map(\.have) == [1 << 20] && peer.misplaced.isEmpty)
        #expect(peer.statuses.map(\.state) == [.failed(.disk(disk))])
    }

    @Test("Without syncs, a delivery that fails leaves nothing to believe, and the record says so")
    func unsyncedDelivery() {
        peer.join([1])
        let wish = FetchWish(name: file.name, sync: false, timeout: .seconds(30))
        peer.feed(.wish(peer.newRequest(), wish))
        peer.feed(.inspected(RequestID(rawValue: 1), .absent))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.sendLayer(of: file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(2, of: file, on: connection)
        peer.pass(.seconds(2))
        peer.feed(.committed(peer.download, nil))
        peer.wish(file)
        peer.deliver(2, of: file, on: connection)
        #expect(peer.isDelivering())
        peer.feed(.delivered(peer.download, .failed(disk)))
        #expect(committing == [] && peer.statuses.allSatisfy { $0.have == 0 })
    }
}
