import Content
import Testing
import Wire

@testable import PeerCore

/// Others that fetch the same file, and how the origin is spared for them.
@Suite struct CrowdTests {
    private let start = Moment(nanoseconds: 1_000_000_000)
    private let origin = ConnectionID(rawValue: 1)
    private let rival = ConnectionID(rawValue: 2)

    /// A plan that takes a complete holder and one other fetcher into account, from whom nothing has been heard.
    private func plan(pieces: Int) throws -> Plan {
        var plan = Plan(layout: try .whole(pieces), id: .number(0), now: start)
        plan.divide(among: [origin], now: start)
        let isNew = plan.crowd.insert(.number(2))
        #expect(isNew)
        return plan
    }

    private func ask(_ plan: inout Plan, _ now: Moment) -> [Int] {
        var pieces: [Int] = []
        while let chunk = plan.nextChunk(for: origin, now: now) { pieces += chunk }
        #expect(plan.misplaced == [])
        return pieces
    }

    /// Has the origin send all of this peer's part.
    private func fetchOwnPart(_ plan: inout Plan, bytesPerSecond: Int, _ now: Moment) {
        var owed = ask(&plan, now)
        while !owed.isEmpty {
            let piece = owed.removeFirst()
            #expect(plan.crowd.owns(piece))
            let arrival = plan.began(piece, on: origin, now: now)
            #expect(arrival == .wanted)
            plan.bufferGranted(origin, now: now)
            plan.progressed(origin, bytes: bytesPerSecond, now: now + .seconds(1))
            plan.received(on: origin, now: now)
            let isFirst = plan.stored(piece)
            #expect(isFirst)
            owed += ask(&plan, now)
        }
    }

    @Test("Every piece is one fetcher's, as all of them see it, and no part is larger than a seventh, rounded up")
    func parts() {
        let ids = (UInt64(1)...7).map { PeerID.number($0) }
        let crowds = ids.map { id in
            var crowd = Crowd(id: id, pieceCount: 100)
            for other in ids.reversed() { _ = crowd.insert(other) }
            return crowd
        }
        let owners = (0..<100).map { piece in crowds.indices.filter { crowds[$0].owns(piece) } }
        #expect(owners.allSatisfy { $0.count == 1 })
        let parts = crowds.indices.map { member in owners.count { $0 == [member] } }
        #expect(parts.allSatisfy { $0 <= 15 } && parts.reduce(0, +) == 100, "\(parts)")
    }

    @Test("What is another's part is asked of the origin when nothing was heard of anybody for a while, one by one")
    func silence() throws {
        var plan = try plan(pieces: 8)
        fetchOwnPart(&plan, bytesPerSecond: 100 << 20, start)
        #expect(!plan.stored.isComplete)
        let tooEarly = ask(&plan, start + .milliseconds(499))
        #expect(tooEarly == [])
        let foreign = ask(&plan, start + .milliseconds(501))
        #expect(foreign.count == 1 && !foreign.contains { plan.crowd.owns($0) })
        _ = plan.began(try #require(foreign.first), on: origin, now: start)
        let next = ask(&plan, start + .milliseconds(501))
        #expect(next.count == 1)
    }

    @Test("What another is late with is taken over from the origin, one by one, by one of the others only")
    func late() throws {
        var plan = try plan(pieces: 40)
        // Their parts are so small that nobody helps with one before it is late.
        for number in UInt64(3)...10 { _ = plan.crowd.insert(.number(number)) }
        plan.add(rival, holding: .pieces(PieceSet(pieceCount: 40)), now: start)
        // The rate is measured over a second that ends here.
        fetchOwnPart(&plan, bytesPerSecond: 100 << 20, start)
        let end = start + .seconds(1)
        let heard = try #require(plan.free.next(from: 0))
        plan.gained([heard..<heard + 1], on: rival, now: end + .milliseconds(200))
        let tooEarly = ask(&plan, end + .milliseconds(249))
        let taken = ask(&plan, end + .milliseconds(250))
        #expect(tooEarly == [] && taken.count == 1)
        #expect(taken.allSatisfy { !plan.crowd.owns($0) && plan.crowd.isSecond(of: $0) && $0 != heard })
        let next = ask(&plan, end + .milliseconds(260))
        #expect(next == [])
    }

    @Test("Whoever is through with its part helps with the end of one that is far behind, half of it at most")
    func helps() throws {
        var plan = try plan(pieces: 80)
        plan.add(rival, holding: .pieces(PieceSet(pieceCount: 80)), now: start)
        let order = theirOrder(pieces: 80)
        var asked = ask(&plan, start)
        var position = 0
        while position < asked.count {
            bring(asked[position], to: &plan)
            asked += ask(&plan, start)
            position += 1
        }
        #expect(asked.prefix(40).allSatisfy { plan.crowd.owns($0) })
        #expect(asked.dropFirst(40) == Array(order.reversed().prefix(18))[...])
        // They have the first 12 now: of 28, 12 may be taken, and 18 are.
        plan.gained(order.prefix(12).map { $0..<$0 + 1 }, on: rival, now: start)
        #expect(ask(&plan, start) == [])
        // They have got all that we brought; of 10, 3 may be taken.
        plan.gained(order.suffix(18).map { $0..<$0 + 1 }, on: rival, now: start)
        #expect(ask(&plan, start).first == order.dropLast(18).last)
    }

    /// The other fetcher's part, in the order in which it asks for it.
    private func theirOrder(pieces: Int) -> [Int] {
        var crowd = Crowd(id: .number(2), pieceCount: pieces)
        _ = crowd.insert(.number(0))
        var free = PieceSet(pieceCount: pieces).complement
        var order: [Int] = []
        while let piece = crowd.firstOwn(in: free) {
            order.append(piece)
            free.remove(piece)
        }
        return order
    }

    /// Has a piece come from the origin at once.
    private func bring(_ piece: Int, to plan: inout Plan) {
        _ = plan.began(piece, on: origin, now: start)
        plan.bufferGranted(origin, now: start)
        plan.received(on: origin, now: start)
        let isFirst = plan.stored(piece)
        #expect(isFirst)
    }

    @Test("For every piece there is one other fetcher to take it over, as all of them see it")
    func seconds() {
        let ids = (UInt64(1)...7).map { PeerID.number($0) }
        let crowds = ids.map { id in
            var crowd = Crowd(id: id, pieceCount: 100)
            for other in ids.reversed() { _ = crowd.insert(other) }
            return crowd
        }
        for piece in 0..<100 {
            #expect(crowds.count { $0.isSecond(of: piece) } == 1)
            #expect(!crowds.contains { $0.owns(piece) && $0.isSecond(of: piece) })
        }
    }

    @Test("A slow origin is not asked for another's part before the other can have any of it")
    func slowOrigin() throws {
        var plan = try plan(pieces: 8)
        fetchOwnPart(&plan, bytesPerSecond: 1 << 20, start)
        let tooEarly = ask(&plan, start + .milliseconds(1900))
        let later = ask(&plan, start + .milliseconds(2100))
        #expect(tooEarly == [] && later.count == 1)
    }

    @Test("Word of another's piece is a reason to wait for more, and a piece of our own from the origin is none")
    func word() throws {
        var plan = try plan(pieces: 8)
        plan.add(rival, holding: .pieces(PieceSet(pieceCount: 8)), now: start)
        fetchOwnPart(&plan, bytesPerSecond: 100 << 20, start + .milliseconds(400))
        let other = try #require(plan.free.next(from: 0))
        plan.gained([other..<other + 1], on: rival, now: start + .milliseconds(450))
        let tooEarly = ask(&plan, start + .milliseconds(900))
        let later = ask(&plan, start + .milliseconds(1000))
        #expect(tooEarly == [] && later.count == 1)
    }

    // MARK: Who fetches too

    @Test("A peer that asks for the same name while we ask is asked for the root when we fetch, though it had nothing")
    func asksMeanwhile() throws {
        let file = try TestFile(pieces: 4)
        let peer = Harness()
        peer.join([1, 2, 3])
        peer.wish(file)
        let (origin, also, stranger) = (peer.connect(1), peer.connect(2), peer.connect(3))
        peer.say(.req(request: 1, .name(file.name)), on: also)
        peer.say(.req(request: 1, .name(try ShareName("b.bin"))), on: stranger)
        peer.notHave(on: also)
        peer.notHave(on: stranger)
        peer.take()
        peer.have(file, on: origin)
        #expect(peer.asked[also]?.map(\.query) == [.root(file.root)])
        #expect(peer.asked[stranger]?.isEmpty == true)
        peer.sendLayer(of: file, on: origin)
        peer.feed(.partialOpened(peer.download, peer.opened))
        var crowd = Crowd(id: .number(0), pieceCount: 4)
        _ = crowd.insert(.number(2))
        let asked = (peer.chunks[origin] ?? []).joined()
        #expect(!asked.isEmpty && asked.allSatisfy { crowd.owns($0) })
    }

    @Test("One that begins while we ask, and asks for that root, is asked back; one that asks for another root is not")
    func beginsMeanwhile() throws {
        let (file, other) = (try TestFile(pieces: 4), try TestFile(pieces: 4, version: 2))
        let peer = Harness()
        peer.join([1, 2, 3])
        peer.wish(file)
        let (origin, also, stranger) = (peer.connect(1), peer.connect(2), peer.connect(3))
        peer.say(.req(request: 1, .root(file.root)), on: also)
        peer.say(.req(request: 1, .root(other.root)), on: stranger)
        peer.notHave(on: also)
        peer.notHave(on: stranger)
        peer.have(file, on: origin)
        #expect(peer.asked[also]?.map(\.query) == [.root(file.root)])
        #expect(peer.asked[stranger]?.isEmpty == true)
    }

    @Test("A holder of some pieces is told that we fetch too, by being asked for the root")
    func partialHolder() throws {
        let file = try TestFile(pieces: 4)
        let peer = Harness()
        peer.join([1, 2])
        peer.wish(file)
        let (origin, also) = (peer.connect(1), peer.connect(2))
        let question = try #require(peer.takeQuestion(on: also))
        let offer = FileOffer(
            root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 4)))
        peer.say(.have(request: question, try #require(offer)), on: also)
        peer.have(file, on: origin)
        #expect(peer.asked[also]?.map(\.query) == [.root(file.root)])
        #expect(peer.asked[origin]?.isEmpty == true)
    }

    @Test("Of those who ask for the same meanwhile, no more are remembered than a download keeps in touch with")
    func companionsMax() throws {
        let file = try TestFile(pieces: 4)
        let peer = Harness { $0.rivalsMax = 3 }
        peer.join(Array(1...6))
        peer.wish(file)
        let connections = (UInt64(1)...6).map { peer.connect($0) }
        for connection in connections.dropFirst() {
            peer.say(.req(request: 1, .name(file.name)), on: connection)
            peer.notHave(on: connection)
        }
        peer.have(file, on: connections[0])
        #expect(connections.count { peer.asked[$0]?.isEmpty == false } == 3)
    }

    @Test("Of others that fetch it more are fetched from than of complete holders, and none is asked again for asking")
    func manyFellows() throws {
        let file = try TestFile(pieces: 8)
        let peer = Harness { $0.lanesMax = 1 }
        let (_, connections) = peer.fetch(file, from: [1])
        let none = FileOffer(root: file.root, modified: 0, name: file.name, holding: .pieces(PieceSet(pieceCount: 8)))
        peer.delta(joined: Array(2...5))
        let fellows = (UInt64(2)...5).map { peer.connect($0) }
        for fellow in fellows {
            let question = try #require(peer.takeQuestion(on: fellow))
            peer.say(.have(request: question, try #require(none)), on: fellow)
        }
        #expect(peer.statuses.first?.activeHolders == 1 + fellows.count && peer.closed[connections[0]] == nil)
        for fellow in fellows {
            peer.say(.req(request: 1, .root(file.root)), on: fellow)
            #expect(peer.asked[fellow]?.isEmpty == true)
        }
    }

    @Test("When somebody else turns up, chunks that have not begun and are its part now are called off, and ours asked")
    func turnsUp() throws {
        let file = try TestFile(pieces: 8)
        let peer = Harness()
        let other = try #require(
            (UInt64(2)...400).first { id in
                var crowd = Crowd(id: .number(0), pieceCount: 8)
                _ = crowd.insert(.number(id))
                return !crowd.owns(2) && !crowd.owns(3)
            })
        peer.join([1, other])
        peer.wish(file)
        let origin = peer.connect(1)
        peer.have(file, on: origin)
        peer.notHave(on: peer.connect(other))
        peer.sendLayer(of: file, on: origin)
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(peer.chunks[origin] == [0..<2, 2..<4])
        #expect(peer.announce(0, of: file, on: origin))
        peer.take()
        peer.say(.introduce(file.root, [.number(other)]), on: origin)
        let calledOff = peer.sent(on: origin).filter { $0.type == .cancel }
        #expect(calledOff == [.cancel(file.root, first: 2, count: 2)])
        peer.feed(.pieceReceived(origin))
        #expect(peer.announce(1, of: file, on: origin))
        peer.feed(.pieceReceived(origin))
        peer.say(.endOfChunk(first: 0, .complete), on: origin)
        peer.take()
        peer.say(.endOfChunk(first: 2, .cancelled), on: origin)
        var crowd = Crowd(id: .number(0), pieceCount: 8)
        _ = crowd.insert(.number(other))
        let asked = peer.sent(on: origin).compactMap { if case .chunk(_, let first, _) = $0 { first } else { nil } }
        #expect(!asked.isEmpty && asked.allSatisfy { crowd.owns($0) })
        #expect(peer.misplaced.isEmpty)
    }
}
