import Content
import Testing
import Wire

@testable import PeerCore

/// Partial files that somebody else writes to.
struct ProvingTests {
    private let peer = Harness()
    private let file: TestFile

    init() throws {
        file = try TestFile(pieces: 4)
    }

    private func set(_ indices: Int...) -> PieceSet {
        var pieces = PieceSet(pieceCount: 4)
        for index in indices { pieces.insert(index) }
        return pieces
    }

    /// The pieces that are to be looked through, of what was wanted since the last call.
    private func verified() -> [PieceSet] {
        peer.take().compactMap { if case .verifyPartial(peer.download, let pieces) = $0 { pieces } else { nil } }
    }

    private func openings() -> Int {
        peer.take().count { effect in
            switch effect {
            case .openPartial, .reopenPartial: true
            default: false
            }
        }
    }

    private var state: DownloadActivity? { peer.statuses.first?.state }

    @Test("A partial file that was touched while it is fetched is looked through, and only what is bad comes again")
    func touched() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(3, of: file, on: connection)
        peer.take()
        peer.feed(.partialTouched(peer.download, isThere: true))
        #expect(state == .checking && peer.statuses.first?.prefix == 0)
        #expect(verified() == [set(0, 1, 2)])
        peer.feed(.partialVerified(peer.download, set(0, 2)))
        #expect(state == .fetching && peer.misplaced.isEmpty)
        #expect(peer.statuses.first?.have == 2 << 20)
        #expect(peer.statuses.first?.prefix == 1 << 20)
        #expect(peer.effects.contains(.note(.piecesSpoiled(peer.download, file.name, count: 1))))
    }

    @Test("What a worker still has is waited for, and looked through with the rest")
    func drains() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(1, of: file, on: connection)
        #expect(peer.announce(1, of: file, on: connection))
        peer.feed(.pieceReceived(connection))
        peer.take()
        peer.feed(.partialTouched(peer.download, isThere: true))
        #expect(verified().isEmpty)
        peer.feed(.pieceStored(peer.download, index: 1, from: connection, .stored))
        #expect(verified() == [set(0, 1)])
    }

    @Test("Nothing of a touched file is offered or served before it is proved, and then it is again")
    func isNotServed() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(2, of: file, on: connection)
        peer.pass(.seconds(2))
        peer.feed(.committed(peer.download, nil))
        peer.feed(.partialTouched(peer.download, isThere: true))
        let other = peer.accept(2)
        peer.take()
        peer.say(.chunk(file.root, first: 0, count: 1), on: other)
        #expect(peer.take().contains(.serveNothing(other, first: 0, .gone)))
        peer.feed(.partialVerified(peer.download, set(0)))
        peer.take()
        peer.say(.chunk(file.root, first: 0, count: 1), on: other)
        #expect(peer.take().contains(.serve(other, .partial(peer.download), file.root, 0..<1)))
        peer.say(.chunk(file.root, first: 1, count: 1), on: other)
        #expect(peer.take().contains(.serveNothing(other, first: 1, .gone)))
    }

    @Test("A file that is taken up again is looked at before anything is asked for", arguments: [false, true])
    func resumed(isTouched: Bool) throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(1, of: file, on: connection)
        peer.feed(.pause(peer.newRequest(), file.name))
        peer.feed(.committed(peer.download, nil))
        peer.take()
        peer.feed(.resume(peer.newRequest(), file.name))
        #expect(peer.effects.contains(.checkPartial(peer.download)))
        #expect(!peer.sent(on: connection).types.contains(.chunk))
        guard isTouched else {
            peer.feed(.partialChecked(peer.download))
            #expect(peer.sent(on: connection).types.contains(.chunk))
            return
        }
        peer.feed(.partialTouched(peer.download, isThere: true))
        #expect(!peer.sent(on: connection).types.contains(.chunk))
        #expect(verified() == [set(0)])
    }

    @Test("What was touched while nobody fetched it is looked through when it is taken up again")
    func touchedWhilePaused() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(1, of: file, on: connection)
        peer.feed(.pause(peer.newRequest(), file.name))
        peer.feed(.partialTouched(peer.download, isThere: true))
        peer.feed(.committed(peer.download, nil))
        #expect(verified().isEmpty)
        peer.feed(.resume(peer.newRequest(), file.name))
        #expect(verified() == [set(0)])
        // Also when that was stopped half-way.
        peer.feed(.pause(peer.newRequest(), file.name))
        peer.feed(.partialVerified(peer.download, set(0)))
        peer.feed(.resume(peer.newRequest(), file.name))
        #expect(verified() == [set(0)])
    }

    @Test("A partial file that is not at its path any more is made anew, and all of it is fetched again")
    func displaced() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(3, of: file, on: connection)
        peer.take()
        peer.feed(.partialTouched(peer.download, isThere: false))
        #expect(openings() == 1)
        #expect(peer.statuses.first?.have == 0)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 4)))
        #expect(state == .fetching && peer.misplaced.isEmpty)
        #expect(peer.sent(on: connection).types.contains(.chunk))
    }

    @Test("A whole file that was touched before it was delivered is looked through first")
    func beforeDelivery() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(4, of: file, on: connection)
        #expect(peer.isDelivering())
        peer.take()
        peer.feed(.partialTouched(peer.download, isThere: true))
        #expect(!peer.isDelivering())
        #expect(verified() == [PieceSet(pieceCount: 4).complement])
        peer.feed(.partialVerified(peer.download, PieceSet(pieceCount: 4).complement))
        #expect(peer.isDelivering())
    }

    @Test("A sync that is under way when the file is touched makes nothing of it known")
    func duringCommit() throws {
        let connection = peer.fetch(file, from: [1]).1[0]
        peer.deliver(2, of: file, on: connection)
        peer.pass(.seconds(2))
        peer.take()
        peer.feed(.partialTouched(peer.download, isThere: true))
        #expect(verified().isEmpty)
        peer.feed(.committed(peer.download, nil))
        #expect(verified() == [set(0, 1)])
    }
}
