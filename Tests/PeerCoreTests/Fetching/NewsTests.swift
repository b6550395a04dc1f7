import Content
import Testing
import Wire

@testable import PeerCore

/// Who hears of new pieces, and when.
@Suite struct NewsTests {
    private let file: TestFile
    private let peer = Harness()
    private let origin: ConnectionID
    /// Two are behind this peer, the last is behind one of them.
    private let others: [ConnectionID]

    /// The first for the even pieces, without syncs, and three others.
    init() throws {
        file = try TestFile(pieces: 60)
        peer.join([1])
        peer.wish(file, sync: false)
        origin = peer.connect(1)
        peer.have(file, on: origin)
        peer.sendLayer(of: file, on: origin)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.delta(joined: [2, 3, 4])
        let none = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 60)))
        var connections: [ConnectionID] = []
        for number in UInt64(2)...4 {
            let connection = peer.connect(number)
            peer.say(
                .have(request: try #require(peer.takeQuestion(on: connection)), try #require(none)), on: connection)
            peer.say(.req(request: 1, .root(file.root)), on: connection)
            connections.append(connection)
        }
        others = connections
        peer.take()
    }

    private func news(_ connection: ConnectionID) -> [[Range<Int>]] {
        peer.sent(on: connection).compactMap { if case .nowHave(file.root, let runs) = $0 { runs } else { nil } }
    }

    @Test("Those behind this peer hear of each piece for them at once, and of half a second's with all others")
    func inForest() {
        peer.deliver(1, of: file, on: origin)
        #expect(others.map { news($0) } == [[[0..<1]], [[0..<1]], []])
        // They get this one from another.
        peer.deliver(1, of: file, on: origin)
        peer.pass(.milliseconds(400))
        #expect(others.map { news($0).count } == [1, 1, 0])
        peer.pass(.milliseconds(400))
        #expect(others.map { news($0).last } == [[0..<2], [0..<2], [0..<2]])
        peer.pass(.seconds(2))
        #expect(others.map { news($0).count } == [2, 2, 1])
    }

    @Test("Who waits for a piece sees that it is there when it comes")
    func awaited() {
        peer.say(.chunk(file.root, first: 0, count: 1), on: others[0])
        peer.deliver(1, of: file, on: origin)
        #expect(news(others[0]) == [])
        peer.pass(.milliseconds(800))
        #expect(news(others[0]) == [[0..<1]])
    }

    @Test("The more there are to be told, the less often")
    func pause() {
        let start = Moment(nanoseconds: 1_000_000_000)
        for (peers, pause) in [(1, 500), (10, 500), (24, 1200)] {
            var news = News(pieceCount: 60)
            news.add(PieceSet(pieceCount: 60, piece: 1), peers: peers, now: start)
            news.add(PieceSet(pieceCount: 60, piece: 2), peers: peers, now: start + .milliseconds(100))
            #expect(news.due == start + .milliseconds(UInt64(pause)))
        }
    }

    @Test("What is found while somebody else has written to the partial file is told when that is looked through")
    func touched() {
        peer.deliver(1, of: file, on: origin)
        peer.feed(.partialTouched(peer.download, isThere: true))
        peer.pass(.milliseconds(800))
        #expect(news(others[2]) == [])
        peer.feed(.partialVerified(peer.download, PieceSet(pieceCount: 60, piece: 0)))
        #expect(news(others[2]) == [[0..<1]])
    }

    @Test("When one behind this peer goes, whoever takes the place hears at once of what it has not heard")
    func nextGoes() {
        peer.deliver(1, of: file, on: origin)
        peer.feed(.closed(others[0], reason: "gone"))
        peer.deliver(1, of: file, on: origin)
        #expect(news(others[2]) == [[0..<1]])
    }

}
