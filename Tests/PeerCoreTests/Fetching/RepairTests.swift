import Content
import Testing
import Wire

@testable import PeerCore

/// A file that rotted in the share: only its bad pieces are fetched, and put where they belong.
@Suite struct RepairTests {
    private let peer = Harness()
    private let file: TestFile

    init() throws { file = try TestFile(pieces: 6) }

    private func bad(_ members: Int...) -> PieceSet {
        var pieces = PieceSet(pieceCount: 6)
        for index in members { pieces.insert(index) }
        return pieces
    }

    /// The wish, up to its answers.
    private func begin(_ bad: PieceSet, from peers: [UInt64]) -> (RequestID, [ConnectionID]) {
        peer.join(peers)
        let request = peer.newRequest()
        let rot = Rot(root: file.root, layer: file.layer, bad: bad)
        peer.feed(.wish(request, .repairing(file.name, rot, timeout: .seconds(30))))
        let connections = peers.map { peer.connect($0) }
        for connection in connections { peer.have(file, on: connection) }
        return (request, connections)
    }

    private func open() { peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 6))) }

    @Test("Only the bad pieces are asked for, and they are delivered into the file that stands there")
    func badPiecesOnly() throws {
        let (request, connections) = begin(bad(1, 4), from: [1])
        open()
        let asked = try #require(peer.chunks[connections[0]])
        #expect(asked.flatMap { Array($0) } == [1, 4])
        #expect(peer.deliver(2, of: file, on: connections[0]) == [1, 4])
        let terms = peer.effects.compactMap { if case .deliver(_, let terms) = $0 { terms } else { nil } }
        #expect(terms.map(\.repairing) == [bad(1, 4)])
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: request)?.root == file.root)
        #expect(peer.statuses.isEmpty)
    }

    @Test("Its digests are known: nobody is asked for them")
    func layerIsKnown() {
        let (_, connections) = begin(bad(0), from: [1])
        #expect(!peer.sent(on: connections[0]).types.contains(.hashesRequest))
    }

    @Test("What is right where it stands is not offered from the partial file, which does not have it")
    func offersWhatItFetched() throws {
        let (_, connections) = begin(bad(1, 4), from: [1])
        open()
        peer.deliver(1, of: file, on: connections[0])
        peer.pass(.seconds(2))
        peer.feed(.committed(peer.download, nil))
        let stranger = peer.accept(2)
        peer.say(.req(request: 7, .root(file.root)), on: stranger)
        let holdings = peer.sent(on: stranger).compactMap { message -> Holding? in
            if case .have(7, let offer) = message { offer.holding } else { nil }
        }
        #expect(holdings == [.pieces(bad(1))])
    }

    @Test("A client that reads a file while it comes is not shown the gaps between the bad pieces")
    func hasNoPrefix() {
        _ = begin(bad(5), from: [1])
        open()
        #expect(peer.statuses.map(\.prefix) == [0])
        #expect(peer.statuses.map(\.have) == [5 << 20])
    }

    @Test("Another root is no answer to it")
    func otherRoot() throws {
        peer.join([1])
        let rot = Rot(root: file.root, layer: file.layer, bad: bad(0))
        peer.feed(.wish(peer.newRequest(), .repairing(file.name, rot, timeout: .seconds(30))))
        let connection = peer.connect(1)
        peer.have(try TestFile(pieces: 6, version: 2), on: connection)
        #expect(peer.closed[connection] != nil)
    }

    @Test("A file that somebody wrote to meanwhile is left alone, and nothing stays of the repair")
    func writtenTo() {
        let (request, connections) = begin(bad(3), from: [1])
        open()
        peer.deliver(1, of: file, on: connections[0])
        peer.feed(.delivered(peer.download, .occupied("somebody's work")))
        #expect(peer.failure(of: request) == .occupied("somebody's work"))
        #expect(peer.statuses.isEmpty)
        #expect(peer.effects.contains(.discardPartial(peer.download, file.root)))
    }

    @Test("When nobody has it, that is the answer at once")
    func nobody() {
        peer.join([1])
        peer.pass(.seconds(1))
        let request = peer.newRequest()
        let rot = Rot(root: file.root, layer: file.layer, bad: bad(0))
        peer.feed(.wish(request, .repairing(file.name, rot, timeout: .seconds(30))))
        peer.notHave(on: peer.connect(1))
        #expect(peer.failure(of: request) == .nobody(asked: 1))
        #expect(peer.statuses.isEmpty)
    }
}
