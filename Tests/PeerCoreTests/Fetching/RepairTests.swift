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

    // MARK: What an earlier run left

    /// A repair of pieces 1 and 4, of which the first was recorded.
    private func restore(_ pieces: PieceSet? = nil, layer: Bool = true) -> DownloadID {
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), kind: .repair(bad: bad(1, 4)), name: file.name, root: file.root, modified: 0,
            replacing: true, keepsBackup: true, sync: true, priority: 0, state: .running)
        peer.feed(
            .restored(StoredDownload(entry: entry, layer: layer ? file.layer : nil, pieces: pieces ?? bad(1))))
        return entry.id
    }

    private var deliveries: Int { peer.effects.count { if case .deliver = $0 { true } else { false } } }

    @Test(
        "Taken up again, only what was not recorded is asked for, and what was is looked at again before the delivery")
    func goesOn() throws {
        peer.join([1])
        // What is said of pieces that are no business of the partial file's is not believed.
        let id = restore(bad(1, 2))
        #expect(peer.statuses.map(\.have) == [5 << 20])
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.feed(.partialOpened(id, bad(1)))
        #expect(peer.deliver(1, of: file, on: connection) == [4])
        #expect(peer.effects.contains(.verifyPartial(id, bad(1))))
        #expect(deliveries == 0)
        peer.feed(.partialVerified(id, bad(1)))
        peer.feed(.committed(id, nil))
        let terms = peer.effects.compactMap { if case .deliver(_, let terms) = $0 { terms } else { nil } }
        #expect(terms.map(\.repairing) == [bad(1, 4)])
    }

    /// One that has all its pieces, and whose file is not known yet.
    private func postpone() throws -> DownloadID {
        peer.join([1])
        let id = restore(bad(1, 4))
        peer.feed(.partialOpened(id, bad(1, 4)))
        peer.feed(.partialVerified(id, bad(1, 4)))
        try #require(deliveries == 1)
        peer.feed(.repairPostponed(id))
        #expect(peer.statuses.map(\.state) == [.queued])
        return id
    }

    @Test("It waits until the file has been looked at, and goes on when that is still rotten")
    func waitsForIndex() throws {
        let id = try postpone()
        peer.feed(.judged(try ShareName("another"), isRotten: true))
        #expect(!peer.effects.contains(.checkPartial(id)))
        peer.feed(.judged(file.name, isRotten: true))
        #expect(peer.effects.contains(.checkPartial(id)))
        peer.feed(.partialChecked(id))
        #expect(deliveries == 2)
    }

    @Test("It ends, with all that came of it, when nothing is there any more that could be repaired")
    func fileIsGone() throws {
        let id = try postpone()
        let request = peer.newRequest()
        let rot = Rot(root: file.root, layer: file.layer, bad: bad(1))
        peer.feed(.wish(request, .repairing(file.name, rot, timeout: .seconds(30))))
        peer.feed(.judged(file.name, isRotten: false))
        #expect(peer.statuses.isEmpty)
        #expect(peer.effects.contains(.discardPartial(id, file.root)) && peer.effects.contains(.forget(id)))
        guard case .occupied? = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
    }

    @Test("It ends when another version has come in the file's place, and as done when the very version has")
    func versionCame() throws {
        for (version, isDone) in [(2, false), (1, true)] as [(UInt8, Bool)] {
            let peer = Harness()
            peer.join([])
            let request = peer.newRequest()
            let entry = DownloadEntry(
                id: DownloadID(rawValue: 9), kind: .repair(bad: bad(1)), name: file.name, root: file.root, modified: 0,
                replacing: true, keepsBackup: true, sync: true, priority: 0, state: .running)
            peer.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: 6))))
            let rot = Rot(root: file.root, layer: file.layer, bad: bad(1))
            peer.feed(.wish(request, .repairing(file.name, rot, timeout: .seconds(30))))
            #expect(peer.statuses.count == 1)
            peer.feed(.indexed(try TestFile(pieces: 6, version: version).shared))
            #expect(peer.statuses.isEmpty)
            #expect((peer.result(of: request) != nil) == isDone && (peer.failure(of: request) != nil) != isDone)
        }
    }

    @Test("Without its partial file it waits for the index: it may have ended just before the daemon did")
    func partialIsGone() {
        let id = restore()
        peer.feed(.partialMissing(id, mayBeDelivered: true))
        #expect(peer.statuses.map(\.state) == [.queued])
        peer.feed(.indexing(false))
        #expect(peer.effects.count { if case .reopenPartial = $0 { true } else { false } } == 2)
        peer.feed(.partialMissing(id, mayBeDelivered: true))
        #expect(peer.effects.contains { if case .openPartial = $0 { true } else { false } })
        #expect(peer.statuses.map(\.have) == [4 << 20])
    }

    @Test("Who finds more of the file bad has that fetched by the same repair, and recorded")
    func widens() {
        let (_, connections) = begin(bad(1), from: [1])
        open()
        let request = peer.newRequest()
        let rot = Rot(root: file.root, layer: file.layer, bad: bad(4))
        peer.feed(.wish(request, .repairing(file.name, rot, timeout: .seconds(30))))
        let kept = peer.effects.compactMap { if case .keep(let entry) = $0 { entry.kind } else { nil } }
        #expect(kept.last == .repair(bad: bad(1, 4)))
        #expect(peer.deliver(2, of: file, on: connections[0]).sorted() == [1, 4])
        let terms = peer.effects.compactMap { if case .deliver(_, let terms) = $0 { terms } else { nil } }
        #expect(terms.map(\.repairing) == [bad(1, 4)])
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: request)?.root == file.root)
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
