import Content
import Testing
import Wire

@testable import PeerCore

/// Who hears of new pieces, and when.
@Suite struct NewsTests {
    private let file: TestFile
    private let peer = Harness()
    private let origin: ConnectionID
    private let others: [ConnectionID]

    /// The first of a line, without syncs, and two behind it.
    init() throws {
        file = try TestFile(pieces: 60)
        peer.join([1])
        peer.wish(file, sync: false)
        origin = peer.connect(1)
        peer.have(file, on: origin)
        peer.sendLayer(of: file, on: origin)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.delta(joined: [2, 3])
        let none = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 60)))
        var connections: [ConnectionID] = []
        for number in UInt64(2)...3 {
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

    @Test("The next in the line hears of each piece at once, all others of half a second's together, nobody twice")
    func inLine() {
        peer.deliver(1, of: file, on: origin)
        #expect(news(others[0]) == [[0..<1]] && news(others[1]) == [])
        peer.deliver(1, of: file, on: origin)
        peer.pass(.milliseconds(400))
        #expect(news(others[0]) == [[0..<1], [1..<2]] && news(others[1]) == [])
        peer.pass(.milliseconds(400))
        #expect(news(others[1]) == [[0..<2]])
        peer.pass(.seconds(2))
        #expect(news(others[0]).count == 2 && news(others[1]).count == 1)
    }

    @Test("When the next in the line goes, whoever takes the place hears at once of what it has not heard")
    func nextGoes() {
        peer.deliver(1, of: file, on: origin)
        peer.feed(.closed(others[0], reason: "gone"))
        peer.deliver(1, of: file, on: origin)
        #expect(news(others[1]) == [[0..<1], [1..<2]])
    }
}
