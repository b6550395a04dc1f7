import Content
import Testing
import Wire

@testable import PeerCore

/// Holders that go, stall, lie and come again.
@Suite struct HolderTests {
    private let peer = Harness()
    private let file: TestFile

    init() throws { file = try TestFile(pieces: 8) }

    /// The pieces asked on a connection and not delivered.
    private func owed(_ connection: ConnectionID) -> Set<Int> { Set((peer.chunks[connection] ?? []).flatMap { $0 }) }

    /// Brings everything that is asked on a connection, until nothing more is.
    private func deliverAll(_ file: TestFile, on connection: ConnectionID) {
        while !peer.deliver(1, of: file, on: connection).isEmpty { #expect(peer.misplaced.isEmpty) }
    }

    private var isDelivering: Bool { peer.isDelivering() }

    /// Answers what was asked last on a connection: it fetches the file, too, and has these pieces.
    private func havePieces(_ pieces: Range<Int>, on connection: ConnectionID) throws {
        var set = PieceSet(pieceCount: file.layout.pieceCount)
        set.insert(pieces)
        let offer = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(set))
        peer.say(.have(request: try #require(peer.takeQuestion(on: connection)), try #require(offer)), on: connection)
    }

    // MARK: Holders of some

    @Test("What is here under another name is looked for by its root, also at those who do not know the name")
    func copies() throws {
        let peer = Harness()
        let file = try TestFile("copy", pieces: 40)
        let original = SharedFile(
            name: try ShareName("original"), root: file.root, modified: 0, layer: file.layer)
        peer.feed(.indexed(original))
        peer.join([1, 2])
        peer.wish(file)
        let connections = [peer.connect(1), peer.connect(2)]
        peer.notHave(on: connections[1])
        peer.have(file, on: connections[0])
        #expect(peer.asked[connections[1]]?.map(\.query) == [.root(file.root)])
        peer.have(file, on: connections[1])
        #expect(peer.statuses.first?.activeHolders == 2)
    }

    @Test("Pieces that a holder gains before the piece digests are here are asked of it afterwards")
    func gainsEarly() throws {
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        try havePieces(0..<0, on: connection)
        #expect(!peer.sent(on: connection).types.contains(.hashesRequest))
        peer.say(.nowHave(file.root, [3..<4]), on: connection)
        peer.sendLayer(of: file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(owed(connection) == [3])
    }

    @Test("A holder that is asked again and has more by then is asked for that, on whichever connection it says so")
    func answersAgain() throws {
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        try havePieces(0..<0, on: connection)
        let other = peer.accept(1)
        peer.say(.nowHave(file.root, [3..<4]), on: other)
        peer.sendLayer(of: file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(owed(connection) == [3])
        peer.deliver(1, of: file, on: connection)
        peer.say(.nowHave(file.root, [5..<6]), on: other)
        #expect(owed(connection) == [5])
        peer.delta(left: [1])
        peer.delta(joined: [1])
        peer.have(file, on: connection)
        #expect(owed(connection).count > 1)
    }

    @Test(
        "Holders that have nothing for a download are no holders: it asks all others again, and its client's time runs")
    func uselessHolders() throws {
        peer.join([1, 2])
        let request = peer.wish(file)
        let (fetcher, other) = (peer.connect(1), peer.connect(2))
        try havePieces(0..<0, on: fetcher)
        peer.notHave(on: other)
        #expect(peer.statuses.map(\.activeHolders) == [1])
        peer.pass(.seconds(31))
        #expect(peer.failure(of: request) == .gone(file.root, have: 0))
        #expect(peer.asked[other]?.isEmpty == false)
    }

    // MARK: Going

    @Test("When a holder's connection ends, others are asked for its pieces in the same instant")
    func closes() throws {
        let file = try TestFile(pieces: 4)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        #expect(owed(connections[1]) == [2, 3])
        peer.feed(.closed(connections[0], reason: "reset"))
        #expect(!owed(connections[1]).isDisjoint(with: [0, 1]))
        #expect(peer.misplaced.isEmpty)
        deliverAll(file, on: connections[1])
        #expect(isDelivering)
    }

    @Test("A holder that has the file no more loses its pieces, but not its connection")
    func gone() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.say(.endOfChunk(first: 0, .gone), on: connections[0])
        #expect(peer.closed[connections[0]] == nil && peer.misplaced.isEmpty)
        #expect(peer.statuses.first?.activeHolders == 1)
        deliverAll(file, on: connections[1])
        #expect(isDelivering)
    }

    @Test("A holder that calls off chunks by itself is not asked the same again at once")
    func callsOff() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.take()
        peer.say(.endOfChunk(first: peer.firstOfChunk(on: connections[0]), .cancelled), on: connections[0])
        #expect(!peer.sent(on: connections[0]).types.contains(.chunk))
        #expect(peer.statuses.first?.state == .waiting && peer.misplaced.isEmpty)
    }

    @Test("All holders may go while the partial file is opened, and all pieces come from who joins then")
    func goWhileOpening() throws {
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.sendLayer(of: file, on: connection)
        peer.feed(.closed(connection, reason: "reset"))
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(peer.misplaced.isEmpty)
        peer.delta(joined: [2])
        let second = peer.connect(2)
        peer.have(file, on: second)
        deliverAll(file, on: second)
        #expect(isDelivering)
    }

    @Test("A piece that was checked after its holder had gone counts, and for that holder")
    func storedAfterClose() throws {
        let file = try TestFile(pieces: 1)
        let (request, connections) = peer.fetch(file, from: [1])
        #expect(peer.announce(0, of: file, on: connections[0]))
        peer.feed(.pieceReceived(connections[0]))
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[0], .stored))
        #expect(isDelivering)
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: request)?.holders == [HolderBytes(address: .number(1), bytes: 1 << 20)])
    }

    // MARK: Stalling

    @Test("A holder that sends no byte for five seconds is closed, and its pieces asked of the others")
    func stalls() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        for _ in 0..<10 {
            peer.pass(.milliseconds(490))
            peer.feed(.progressed(connections[1], bytes: 1))
        }
        #expect(peer.closed[connections[0]] == nil)
        peer.pass(.milliseconds(400))
        #expect(peer.closed[connections[0]] != nil && peer.closed[connections[1]] == nil)
        #expect(peer.misplaced.isEmpty)
    }

    @Test("A holder whose piece waits for a buffer here is not to blame for the silence")
    func awaitsBuffer() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.say(.piece(index: 0, length: 1 << 20), on: connections[0])
        peer.pass(.seconds(60))
        #expect(peer.closed[connections[0]] == nil)
        peer.feed(.pieceStarted(connections[0]))
        peer.pass(.milliseconds(4500))
        #expect(peer.closed[connections[0]] == nil)
        peer.pass(.seconds(1))
        #expect(peer.closed[connections[0]] != nil)
    }

    @Test("Messages other than pieces do not keep a holder that stalls")
    func talksOnly() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        for number in 0..<6 as Range<UInt32> {
            peer.pass(.seconds(1))
            if peer.closed[connections[0]] == nil {
                peer.say(.req(request: number, .digest(.zero)), on: connections[0])
            }
        }
        #expect(peer.closed[connections[0]] != nil)
    }

    @Test("A download that waits behind another one's chunks on the same connection is not stalled by them")
    func behindAnother() throws {
        let second = try TestFile("b.bin", pieces: 1, version: 2)
        let (_, connections) = peer.fetch(try TestFile(pieces: 1), from: [1])
        #expect(peer.announce(0, of: try TestFile(pieces: 1), on: connections[0]))
        peer.wish(second)
        peer.have(second, on: connections[0])
        let first = peer.download
        peer.feed(.partialOpened(DownloadID(rawValue: first.rawValue), peer.opened))
        for _ in 0..<12 {
            peer.pass(.seconds(1))
            peer.feed(.progressed(connections[0], bytes: 1000))
        }
        #expect(peer.closed[connections[0]] == nil)
        peer.feed(.pieceReceived(connections[0]))
        peer.say(.endOfChunk(first: 0, .complete), on: connections[0])
        peer.pass(.milliseconds(4500))
        #expect(peer.closed[connections[0]] == nil)
        peer.pass(.seconds(1))
        #expect(peer.closed[connections[0]] != nil)
    }

    // MARK: Lying

    @Test("A wrong piece is asked of another; its sender is not asked again, whatever it says")
    func liar() throws {
        let (request, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(1, of: file, on: connections[0], .wrong)
        #expect(peer.statuses.first?.activeHolders == 1 && peer.misplaced.isEmpty)
        let again = peer.accept(1)
        peer.delta(left: [1])
        peer.delta(joined: [1])
        peer.pass(.seconds(2))
        #expect(peer.asked[again]?.isEmpty != false)
        deliverAll(file, on: connections[1])
        #expect(isDelivering && peer.failure(of: request) == nil)
        #expect(peer.sent(on: again).types == [.hello])
    }

    @Test("A liar that closes before its piece is checked is a liar all the same")
    func liarThatRuns() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        let piece = try #require(peer.chunks[connections[0]]?.first?.first)
        #expect(peer.announce(piece, of: file, on: connections[0]))
        peer.feed(.pieceReceived(connections[0]))
        peer.feed(.closed(connections[0], reason: "end of stream"))
        peer.feed(.pieceStored(peer.download, index: piece, from: connections[0], .wrong))
        #expect(peer.misplaced.isEmpty)
        peer.take()
        peer.feed(.closed(connections[1], reason: "reset"))
        peer.pass(.seconds(40))
        #expect(!peer.dialed.contains(.number(1)))
        #expect(peer.dialed == [.number(2)])
    }

    @Test(
        "Of two copies of a piece the wrong one is held against who sent it, whichever is judged first",
        arguments: [0, 1])
    func copiesOfTwo(_ liar: Int) throws {
        let file = try TestFile(pieces: 1)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        for connection in connections { #expect(peer.announce(0, of: file, on: connection)) }
        for connection in connections { peer.feed(.pieceReceived(connection)) }
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[liar], .wrong))
        #expect(peer.statuses.first?.activeHolders == 1)
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[1 - liar], .stored))
        #expect(isDelivering)
        #expect(peer.machine.holders(of: peer.download).map(\.address) == [.number(UInt64(2 - liar))])
    }

    @Test("When every holder has lied and nobody else is there to ask, the root is given up")
    func onlyLiars() throws {
        let (request, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(1, of: file, on: connections[0], .wrong)
        #expect(peer.failure(of: request) == nil)
        peer.deliver(1, of: file, on: connections[1], .wrong)
        for connection in connections {
            while case let first = peer.firstOfChunk(on: connection), first >= 0 {
                #expect(peer.failure(of: request) == nil)
                peer.say(.endOfChunk(first: first, .cancelled), on: connection)
            }
        }
        guard case .integrity(file.root, let liars) = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        #expect(Set(liars) == [.number(1), .number(2)])
        #expect(peer.effects.contains(.discardPartial(peer.download, file.root)))
    }

    @Test("A holder whose file changed is no liar, though its piece is judged before it says so")
    func goneAfterJudged() throws {
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0], .wrong)
        peer.pass(.seconds(2))
        #expect(peer.failure(of: request) == nil)
        peer.say(.endOfChunk(first: peer.firstOfChunk(on: connections[0]), .gone), on: connections[0])
        #expect(peer.failure(of: request) == nil)
        #expect(peer.statuses.first?.state == .waiting)
    }

    @Test("Whoever sent wrong bytes is asked again when somebody asks for the file once more: it may have mended them")
    func askedOnceMore() {
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0])
        lie(on: connections[0])
        #expect(peer.failure(of: request) != nil)
        askOnceMore()
        #expect(peer.sent(on: connections[0]).types.contains(.chunk))
        #expect(peer.statuses.first?.state == .fetching)
    }

    @Test("Asked once more for what only a banned peer sent, it says that its bytes were wrong, and asks nobody")
    func bannedIsNotAskedOnceMore() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0])
        lie(on: connections[0])
        peer.feed(.restoredBan(Ban(peer: .number(1), address: .number(1), reason: "", until: .distantFuture)))
        askOnceMore()
        peer.pass(.seconds(30))
        #expect(peer.statuses.first?.state == .failed(.integrity(file.root, liars: [.number(1)])))
    }

    private func askOnceMore() {
        peer.feed(.committed(peer.download, nil))
        peer.take()
        peer.feed(.resume(peer.newRequest(), file.name))
        peer.feed(.partialChecked(peer.download))
    }

    /// Sends a wrong piece, and ends all that was asked for.
    private func lie(on connection: ConnectionID) {
        peer.deliver(1, of: file, on: connection, .wrong)
        while case let first = peer.firstOfChunk(on: connection), first >= 0 {
            peer.say(.endOfChunk(first: first, .cancelled), on: connection)
        }
    }

    @Test("Liars that do not end what they were asked for are not waited for")
    func endless() throws {
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0], .wrong)
        peer.pass(.seconds(6))
        guard case .integrity = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
    }

    @Test("A liar that answered first does not end a download that others could serve")
    func honestLater() throws {
        peer.join([1, 2])
        let request = peer.wish(file, digest: file.root.digest)
        let liar = peer.connect(1)
        peer.have(file, on: liar)
        peer.sendLayer(of: file, on: liar, isRight: false)
        #expect(peer.failure(of: request) == nil)
        let honest = peer.connect(2)
        peer.have(file, on: honest)
        peer.sendLayer(of: file, on: honest)
        peer.feed(.partialOpened(peer.download, peer.opened))
        deliverAll(file, on: honest)
        #expect(isDelivering)
    }

    @Test("After a liar, a dead connection to somebody else is not taken for an answer")
    func deadConnectionAfterLiar() throws {
        let file = try TestFile(pieces: 1)
        peer.join([1, 2])
        let request = peer.wish(file, digest: file.root.digest)
        let liar = peer.connect(1)
        let other = peer.connect(2)
        peer.have(file, on: liar)
        peer.notHave(on: other)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: liar, .wrong)
        peer.feed(.closed(other, reason: "reset"))
        #expect(peer.failure(of: request) == nil)
        peer.have(file, on: peer.connect(2))
        #expect(peer.failure(of: request) == nil && peer.statuses.map(\.activeHolders) == [1])
    }

    @Test("With a liar and a holder that is only away, the download waits for the other")
    func liarAndAway() throws {
        let (request, connections) = peer.fetch(file, from: [1, 2])
        peer.feed(.closed(connections[1], reason: "reset"))
        peer.deliver(1, of: file, on: connections[0], .wrong)
        #expect(peer.failure(of: request) == nil)
        #expect(peer.statuses.first?.state == .waiting)
    }

    /// The next piece asked of a holder comes wrong, and its chunk ends with `gone`.
    /// - Parameter isJudgedFirst: before the end of the chunk comes.
    private func lieAndLeave(_ connection: ConnectionID, isJudgedFirst: Bool) throws {
        let first = peer.firstOfChunk(on: connection)
        #expect(peer.announce(first, of: file, on: connection))
        peer.feed(.progressed(connection, bytes: 1 << 20))
        peer.feed(.pieceReceived(connection))
        let judge = { self.peer.feed(.pieceStored(self.peer.download, index: first, from: connection, .wrong)) }
        if isJudgedFirst { judge() }
        while case let first = peer.firstOfChunk(on: connection), first >= 0 {
            peer.say(.endOfChunk(first: first, .gone), on: connection)
        }
        if !isJudgedFirst { judge() }
    }

    @Test("A holder that says of each wrong piece that its file changed is believed once", arguments: [true, false])
    func pardonedOnce(_ isJudgedFirst: Bool) throws {
        let (request, connections) = peer.fetch(file, from: [1])
        try lieAndLeave(connections[0], isJudgedFirst: isJudgedFirst)
        #expect(peer.failure(of: request) == nil)
        #expect(peer.statuses.map(\.state) == [.waiting])
        peer.pass(.milliseconds(1300))
        peer.have(file, on: connections[0])
        try lieAndLeave(connections[0], isJudgedFirst: isJudgedFirst)
        guard case .integrity(file.root, [.number(1)]) = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        // Nor is it the next time: then each is a strike like any other.
        for _ in 0..<2 where peer.closed[connections[0]] == nil {
            peer.chunks[connections[0]] = nil
            peer.wish(file)
            peer.have(file, on: connections[0])
            peer.sendLayer(of: file, on: connections[0])
            peer.feed(.partialOpened(peer.download, peer.opened))
            try lieAndLeave(connections[0], isJudgedFirst: isJudgedFirst)
        }
        #expect(peer.machine.currentBans.map(\.peer) == [.number(1)])
    }

    @Test("Bytes of a holder that has sent wrong ones do not lengthen its client's time; right pieces do")
    func wrongIsNoProgress() throws {
        let (request, connections) = peer.fetch(file, from: [1])
        try lieAndLeave(connections[0], isJudgedFirst: false)
        peer.pass(.milliseconds(1300))
        peer.have(file, on: connections[0])
        let before = peer.machine.requests[request]?.progressed
        let first = peer.firstOfChunk(on: connections[0])
        #expect(peer.announce(first, of: file, on: connections[0]))
        peer.feed(.progressed(connections[0], bytes: 1 << 20))
        #expect(peer.machine.requests[request]?.progressed == before)
        peer.feed(.pieceReceived(connections[0]))
        peer.feed(.pieceStored(peer.download, index: first, from: connections[0], .stored))
        #expect(peer.machine.requests[request]?.progressed == peer.now)
    }

    // MARK: The client's time

    @Test("A holder that is only ever busy does not keep its client; the download goes on")
    func everBusy() throws {
        let (request, connections) = peer.fetch(file, from: [1], timeout: .seconds(3))
        for _ in 0..<12 {
            while case let first = peer.firstOfChunk(on: connections[0]), first >= 0 {
                peer.chunks[connections[0]]?.removeFirst()
                peer.say(.busy(first: first, retryAfter: 100), on: connections[0])
            }
            peer.pass(.milliseconds(300))
        }
        #expect(peer.failure(of: request) == .silent(file.root, have: 0))
        #expect(peer.statuses.map(\.state) == [.fetching] && peer.closed.isEmpty)
        deliverAll(file, on: connections[0])
        #expect(isDelivering)
    }

    @Test("While a holder is only ever busy others are looked for among all, now and then")
    func starved() throws {
        peer.join([1, 2])
        peer.wish(file, timeout: .seconds(300))
        let (busy, other) = (peer.connect(1), peer.connect(2))
        peer.have(file, on: busy)
        peer.notHave(on: other)
        peer.take()
        for _ in 0..<15 {
            while case let first = peer.firstOfChunk(on: busy), first >= 0 {
                peer.chunks[busy]?.removeFirst()
                peer.say(.busy(first: first, retryAfter: 1000), on: busy)
            }
            peer.pass(.seconds(1))
        }
        let questions = peer.sent(on: other).filter { if case .req = $0 { true } else { false } }
        #expect(questions.count == 1, "\(questions)")
    }

    @Test("What this peer's own disk takes is not the client's time, nor is the wait for a turn")
    func ownWork() throws {
        let peer = Harness { $0.runningMax = 1 }
        let second = try TestFile("b.bin", pieces: 1, version: 2)
        peer.join([1])
        let requests = [peer.wish(file, timeout: .seconds(3)), peer.wish(second, timeout: .seconds(3))]
        let connection = peer.connect(1)
        peer.have(second, on: connection)
        peer.have(file, on: connection)
        peer.sendLayer(of: file, on: connection)
        peer.pass(.seconds(10))
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.pass(.seconds(2))
        #expect(requests.allSatisfy { peer.failure(of: $0) == nil })
        peer.pass(.seconds(2))
        #expect(requests.map { peer.failure(of: $0) == nil } == [false, true])
    }

    @Test("Two downloads that wait for each other's pieces, from one who sends neither, both come to their time")
    func silentToBoth() throws {
        let second = try TestFile("b.bin", pieces: 1, version: 2)
        let (request, connections) = peer.fetch(try TestFile(pieces: 1), from: [1], timeout: .seconds(3))
        let other = peer.wish(second, timeout: .seconds(3))
        peer.have(second, on: connections[0])
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.pass(.seconds(2))
        #expect([request, other].allSatisfy { peer.failure(of: $0) == nil })
        peer.pass(.seconds(2))
        #expect([request, other].allSatisfy { peer.failure(of: $0) != nil })
    }

    // MARK: Breaking the protocol

    @Test("A piece that was not asked for closes its sender, before a byte of it is taken")
    func unasked() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.take()
        peer.say(.piece(index: 7, length: 1 << 20), on: connections[0])
        #expect(peer.closed[connections[0]] != nil)
        #expect(!peer.effects.contains { if case .receivePiece = $0 { true } else { false } })
        let stranger = peer.accept(9)
        peer.say(.piece(index: 0, length: 1), on: stranger)
        #expect(peer.closed[stranger] != nil)
    }

    @Test("A piece of another length, or out of its turn, closes its sender")
    func wrongPieces() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.say(.piece(index: 0, length: 1), on: connections[0])
        #expect(peer.closed[connections[0]] != nil)
        let next = try #require(peer.chunks[connections[1]]?.first?.first) + 1
        peer.say(.piece(index: next, length: 1 << 20), on: connections[1])
        #expect(peer.closed[connections[1]] != nil)
    }

    @Test("The end of a chunk before its last piece, or of one that was not asked for, closes its sender")
    func wrongEnds() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.say(.endOfChunk(first: 0, .complete), on: connections[0])
        #expect(peer.closed[connections[0]] != nil && peer.misplaced.isEmpty)
        peer.say(.endOfChunk(first: 7, .complete), on: connections[1])
        #expect(peer.closed[connections[1]] != nil && peer.misplaced.isEmpty)
    }

    // MARK: Waiting and resuming

    @Test("A download that has lost its last holder waits, and fails its wish as resumable when the timeout is over")
    func waits() throws {
        let (request, connections) = peer.fetch(file, from: [1], timeout: .seconds(20))
        peer.deliver(2, of: file, on: connections[0])
        peer.feed(.closed(connections[0], reason: "reset"))
        #expect(peer.effects.notes.contains(.downloadWaits(peer.download, file.name)))
        peer.pass(.seconds(19))
        #expect(peer.failure(of: request) == nil)
        peer.pass(.milliseconds(1300))
        #expect(peer.failure(of: request) == .gone(file.root, have: 2 << 20))
        #expect(peer.statuses.first?.state == .waiting && peer.statuses.first?.have == 2 << 20)
        #expect(!peer.effects.contains(.discardPartial(peer.download, file.root)))
    }

    @Test("A download that only others are left of who fetch it, and have nothing either, says that it waits")
    func onlyFellows() throws {
        peer.join([1, 2])
        peer.wish(file)
        let (origin, fellow) = (peer.connect(1), peer.connect(2))
        peer.have(file, on: origin)
        try havePieces(0..<0, on: fellow)
        peer.sendLayer(of: file, on: origin)
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(peer.statuses.map(\.state) == [.fetching])
        peer.feed(.closed(origin, reason: "reset"))
        #expect(peer.statuses.map(\.state) == [.waiting] && peer.closed[fellow] == nil)
    }

    @Test("A holder that offers the file and has nothing of it, again and again, does not put off the timeout")
    func hasNothing() throws {
        let (request, connections) = peer.fetch(file, from: [1], timeout: .seconds(5))
        for _ in 0..<8 where peer.failure(of: request) == nil {
            peer.say(.endOfChunk(first: peer.firstOfChunk(on: connections[0]), .gone), on: connections[0])
            while peer.statuses.first?.state == .fetching {
                peer.say(.endOfChunk(first: peer.firstOfChunk(on: connections[0]), .gone), on: connections[0])
            }
            peer.pass(.milliseconds(1300))
            if peer.asked[connections[0]]?.isEmpty == false { peer.have(file, on: connections[0]) }
        }
        #expect(peer.failure(of: request) == .gone(file.root, have: 0))
    }

    @Test("A waiting download goes on with the holder that joins, from where it was")
    func resumesByJoin() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(5, of: file, on: connections[0])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.delta(left: [1])
        peer.pass(.seconds(100))
        peer.take()
        peer.delta(joined: [2])
        let second = peer.connect(2)
        #expect(peer.asked[second]?.map(\.query) == [.root(file.root)])
        peer.have(file, on: second)
        #expect(owed(second).isDisjoint(with: 0..<5))
        deliverAll(file, on: second)
        peer.feed(.committed(peer.download, nil))
        #expect(isDelivering)
    }

    @Test("A waiting download asks everybody by the root after a second, then less and less often")
    func seeks() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.feed(.closed(connections[0], reason: "reset"))
        var pauses: [Double] = []
        var last = peer.now
        while pauses.count < 8 {
            peer.pass(.milliseconds(250))
            if peer.dialed.contains(.number(1)) {
                peer.failDial(1)
                pauses.append((peer.now - last).seconds)
                last = peer.now
            }
        }
        for (pause, expected) in zip(pauses, [1.0, 1, 2, 4, 8, 16, 30, 30]) { #expect(abs(pause - expected) <= 0.75) }
    }

    @Test("A holder that comes back is found by seeking, and begins where the others are not")
    func foundBySeeking() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.deliver(3, of: file, on: connections[0])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.pass(.milliseconds(1300))
        let again = peer.connect(1)
        peer.have(file, on: again)
        #expect(peer.statuses.first?.state == .fetching)
        deliverAll(file, on: again)
        peer.feed(.committed(peer.download, nil))
        #expect(isDelivering)
    }

    @Test("A new wish for the name of a waiting download joins it")
    func joinsWaiting() throws {
        let (first, connections) = peer.fetch(file, from: [1], timeout: .seconds(1))
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.pass(.seconds(3))
        #expect(peer.failure(of: first) != nil)
        let second = peer.wish(file)
        let again = peer.connect(1)
        peer.have(file, on: again)
        deliverAll(file, on: again)
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: second) != nil)
    }

    @Test("A client that was told of a waiting download does not end it by its own timeout while pieces come")
    func slowIsNotOver() throws {
        let (request, connections) = peer.fetch(file, from: [1], timeout: .seconds(2))
        for _ in 0..<10 {
            peer.pass(.milliseconds(1500))
            peer.deliver(1, of: file, on: connections[0])
        }
        #expect(peer.failure(of: request) == nil)
    }

    @Test("No more holders are fetched from at a time than the limit; a later one comes in when a place is free")
    func lanesMax() throws {
        let peer = Harness { $0.lanesMax = 2 }
        let (_, connections) = peer.fetch(try TestFile(pieces: 100), from: [1, 2, 3])
        #expect(peer.statuses.first?.activeHolders == 2)
        for connection in connections where peer.chunks[connection] != nil {
            peer.feed(.closed(connection, reason: "reset"))
            break
        }
        for _ in 0..<70 {
            peer.pass(.milliseconds(500))
            for connection in connections where peer.closed[connection] == nil {
                if peer.chunks[connection]?.isEmpty == false { peer.feed(.progressed(connection, bytes: 1 << 10)) }
                if peer.asked[connection]?.isEmpty == false { peer.have(try TestFile(pieces: 100), on: connection) }
            }
        }
        #expect(peer.statuses.first?.activeHolders == 2)
    }

    // MARK: Dripping

    @Test("A holder that sends a byte now and then is given up after half a minute")
    func drips() throws {
        let (_, connections) = peer.fetch(file, from: [1, 2])
        #expect(peer.announce(0, of: file, on: connections[0]))
        for _ in 0..<29 {
            peer.pass(.seconds(1))
            for connection in connections { peer.feed(.progressed(connection, bytes: 1)) }
        }
        #expect(peer.closed[connections[0]] == nil)
        peer.pass(.milliseconds(1500))
        #expect(peer.closed[connections[0]] == "less than 32768 bytes in 30 s")
        #expect(peer.misplaced.isEmpty)
    }

    @Test("A holder that is slow but steady is kept")
    func slowButSteady() throws {
        let (_, connections) = peer.fetch(file, from: [1])
        #expect(peer.announce(0, of: file, on: connections[0]))
        for _ in 0..<300 {
            peer.pass(.seconds(1))
            peer.feed(.progressed(connections[0], bytes: 1200))
        }
        #expect(peer.closed[connections[0]] == nil)
    }

    @Test("Sixteen holders that drip do not keep out the honest one that has no lane")
    func drippersMakeRoom() throws {
        let file = try TestFile(pieces: 40)
        let (_, connections) = peer.fetch(file, from: Array(1...17))
        let honest = try #require(connections.first { (peer.chunks[$0] ?? []).isEmpty })
        let drippers = connections.filter { $0 != honest }
        for connection in drippers {
            let piece = try #require(peer.chunks[connection]?.first?.first)
            #expect(peer.announce(piece, of: file, on: connection))
        }
        for _ in 0..<35 {
            peer.pass(.seconds(1))
            for connection in drippers where peer.closed[connection] == nil {
                peer.feed(.progressed(connection, bytes: 1))
            }
            if peer.asked[honest]?.isEmpty == false { peer.have(file, on: honest) }
        }
        #expect(drippers.allSatisfy { peer.closed[$0] != nil })
        deliverAll(file, on: honest)
        #expect(isDelivering)
    }

    @Test("A holder asked for digests is given up in its own time, however many others come meanwhile")
    func silentSource() throws {
        peer.join([1])
        peer.wish(file)
        let source = peer.connect(1)
        peer.have(file, on: source)
        for newcomer in 2...4 {
            peer.pass(.milliseconds(1500))
            peer.delta(joined: [UInt64(newcomer)])
            peer.have(file, on: peer.connect(UInt64(newcomer)))
        }
        #expect(peer.closed[source] == nil)
        peer.pass(.seconds(1))
        #expect(peer.closed[source] != nil)
    }

    @Test("A source of digests that gives them one by one is refused")
    func grudgingSource() throws {
        peer.join([1])
        peer.wish(file)
        let source = peer.connect(1)
        peer.have(file, on: source)
        peer.say(.hashes(file.root, first: 0, [.zero]), on: source)
        #expect(peer.closed[source] != nil)
    }

    // MARK: Two copies of a piece

    /// A file of one piece of which two holders have sent a copy each, both with a worker.
    private func twoCopies() throws -> (TestFile, [ConnectionID]) {
        let file = try TestFile(pieces: 1)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        for connection in connections { #expect(peer.announce(0, of: file, on: connection)) }
        for connection in connections { peer.feed(.pieceReceived(connection)) }
        return (file, connections)
    }

    @Test("A file is delivered when no copy of a piece is still being written", arguments: [0, 1])
    func waitsForSecondCopy(_ first: Int) throws {
        let (_, connections) = try twoCopies()
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[first], .stored))
        #expect(!isDelivering)
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[1 - first], .stored))
        #expect(isDelivering)
    }

    @Test("A second copy that is wrong blames who sent it, and the file is delivered all the same")
    func secondCopyWrong() throws {
        let (_, connections) = try twoCopies()
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[1], .stored))
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[0], .wrong))
        #expect(
            peer.effects.notes.contains(.holderLost(peer.download, .number(1), reason: "piece 0 was wrong")))
        #expect(isDelivering)
    }

    @Test("A second copy that the disk refuses is not missed")
    func secondCopyFails() throws {
        let (_, connections) = try twoCopies()
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[0], .stored))
        let failure = DiskFailure(message: "write", code: 5, isOutOfSpace: false)
        peer.feed(.pieceStored(peer.download, index: 0, from: connections[1], .failed(failure)))
        #expect(isDelivering)
    }
}
