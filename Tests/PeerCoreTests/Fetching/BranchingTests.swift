import Content
import Testing
import Wire

@testable import PeerCore

/// A crowd in a forest: who fetches what from whom, and when somebody leaves it.
@Suite struct BranchingTests {
    private let start = Moment(nanoseconds: 1_000_000_000)
    private let origin = ConnectionID(rawValue: 1)
    private let parent = ConnectionID(rawValue: 2)
    private let other = ConnectionID(rawValue: 3)
    private let pieces = 100

    /// A plan of the peer of that number, beside those of numbers 2 (`parent`) and 3 (`other`), who have nothing yet. Number 1
    /// is the first for the even pieces, and behind 2 for the odd; number 4 is behind 2 and 3.
    private func plan(of number: UInt64) throws -> Plan {
        var plan = Plan(layout: try .whole(pieces), id: .number(number), now: start)
        plan.add(origin, of: .number(9), now: start)
        for (connection, rival) in [(parent, UInt64(2)), (other, 3)] where rival != number {
            _ = plan.crowd.insert(.number(rival))
            plan.add(connection, of: .number(rival), holding: .pieces(PieceSet(pieceCount: pieces)), now: start)
        }
        plan.takePlace(now: start)
        return plan
    }

    private func parents(_ plan: Plan) -> [PeerID?] { plan.branches.all.map(\.parent) }

    private func ask(_ plan: inout Plan, _ connection: ConnectionID, _ now: Moment) -> [Int] {
        plan.takePlace(now: now)
        var asked: [Int] = []
        while let chunk = plan.nextChunk(for: connection, now: now) { asked += chunk }
        #expect(plan.misplaced == [])
        return asked
    }

    /// Has a piece that was asked come whole.
    private func bring(_ piece: Int, on connection: ConnectionID, to plan: inout Plan, took span: Span, _ now: Moment) {
        let arrival = plan.began(piece, on: connection, now: now)
        #expect(arrival == .wanted)
        plan.bufferGranted(connection, now: now)
        _ = plan.progressed(connection, bytes: plan.layout.size(of: piece), now: now + span)
        plan.received(on: connection, now: now + span)
        let isFirst = plan.stored(piece)
        #expect(isFirst)
    }

    @Test("The first of a tree asks the holder, and the others for what the holder need not send again")
    func first() throws {
        var plan = try plan(of: 1)
        #expect(parents(plan) == [nil, .number(2)])
        plan.gained([1..<2, 90..<91], on: parent, now: start)
        #expect(ask(&plan, origin, start) == [0, 2])
        #expect(ask(&plan, parent, start) == [1, 90, 3, 5])
        #expect(!plan.isForeign(0..<1) && plan.isForeign(1..<2))
    }

    @Test("The first of a tree does not get far ahead of what comes by the other")
    func even() throws {
        var plan = try plan(of: 1)
        var now = start
        var asked = ask(&plan, origin, now)
        var brought = 0
        while let piece = asked.first {
            asked.removeFirst()
            bring(piece, on: origin, to: &plan, took: .milliseconds(20), now)
            brought += 1
            now = now + .milliseconds(20)
            asked += ask(&plan, origin, now)
        }
        #expect(brought == 32)
        // By the other tree comes one.
        let other = try #require(ask(&plan, parent, now).first)
        bring(other, on: parent, to: &plan, took: .milliseconds(10), now)
        #expect(ask(&plan, origin, now) == [64])
        // And all that were left.
        for piece in 0..<pieces where piece % 2 == 1 { _ = plan.stored(piece) }
        #expect(ask(&plan, origin, now).first == 66)
    }

    @Test("Whoever is behind others asks each for its stripe only, also before it has it, and for what it has first")
    func behind() throws {
        var plan = try plan(of: 4)
        #expect(parents(plan) == [.number(2), .number(3)])
        plan.gained([5..<7], on: parent, now: start)
        plan.gained([7..<9], on: other, now: start)
        #expect(ask(&plan, origin, start) == [])
        #expect(ask(&plan, parent, start) == [6, 0, 2, 4])
        #expect(ask(&plan, other, start) == [7, 1, 3, 5])
        #expect(plan.isForeign(0..<2))
    }

    @Test("One that had some pieces all along is asked for no others before it has got one: it may not be fetching")
    func idleParent() throws {
        var plan = Plan(layout: try .whole(pieces), id: .number(4), now: start)
        plan.add(origin, of: .number(9), now: start)
        _ = plan.crowd.insert(.number(3))
        var some = PieceSet(pieceCount: pieces)
        some.insert(0..<2)
        plan.add(other, of: .number(3), holding: .pieces(some), now: start)
        #expect(ask(&plan, other, start) == [0, 1])
        plan.gained([50..<51], on: other, now: start)
        #expect(ask(&plan, other, start) == [50, 2])
    }

    @Test("Whoever gets nothing leaves the forest, later the further back it is, and comes back after a second")
    func dry() throws {
        var plan = try plan(of: 4)
        _ = ask(&plan, other, start)
        plan.takePlace(now: start + .milliseconds(1040))
        #expect(!plan.branches.isLoose)
        let left = start + .milliseconds(1095)
        plan.takePlace(now: left)
        #expect(plan.branches.isLoose && plan.branches.isResting(left))
        // Its part of the crowd's work, as it was without a forest.
        let own = ask(&plan, origin, left)
        #expect(!own.isEmpty && own.allSatisfy { plan.crowd.owns($0) })
        plan.takePlace(now: left + .milliseconds(1000))
        #expect(parents(plan) == [.number(2), .number(3)])
    }

    @Test("Nobody is left for being silent when there is nothing more for it to bring")
    func allBrought() throws {
        var plan = try plan(of: 1)
        for piece in 0..<pieces where piece % 2 == 1 { _ = plan.stored(piece) }
        plan.takePlace(now: start + .seconds(3))
        #expect(parents(plan) == [nil, .number(2)])
    }

    /// Odd pieces, so many from the first on.
    private func odd(_ range: Range<Int>) -> [Range<Int>] { range.map { 2 * $0 + 1..<2 * $0 + 2 } }

    @Test("Whoever falls far behind the one before it leaves the forest; a lead that one had all along does not matter")
    func lead() throws {
        var plan = try plan(of: 4)
        plan.gained(odd(0..<32), on: other, now: start)
        plan.takePlace(now: start + .milliseconds(60))
        #expect(!plan.branches.isLoose)
        plan.gained(odd(32..<33), on: other, now: start)
        plan.takePlace(now: start + .milliseconds(120))
        #expect(plan.branches.isLoose)
        // It has come back.
        plan.takePlace(now: start + .milliseconds(1180))
        plan.gained(odd(33..<50), on: other, now: start)
        plan.takePlace(now: start + .milliseconds(1240))
        #expect(!plan.branches.isLoose)
    }

    @Test("Whoever sees others get far more than the one before it leaves the forest")
    func slowParent() throws {
        var plan = try plan(of: 4)
        plan.gained(odd(0..<24), on: parent, now: start)
        plan.takePlace(now: start + .milliseconds(60))
        #expect(!plan.branches.isLoose)
        plan.gained(odd(24..<25), on: parent, now: start)
        plan.takePlace(now: start + .milliseconds(120))
        #expect(plan.branches.isLoose)
    }

    @Test(
        "Some ask the holder for a piece now and then, and leave the forest if that is far faster",
        arguments: [true, false])
    func probe(isFaster: Bool) throws {
        var plan = try plan(of: 4)
        // A piece every tenth of a second from the one before it.
        var now = start
        var asked = ask(&plan, parent, now)
        for _ in 0..<7 {
            #expect(ask(&plan, origin, now) == [])
            bring(asked.removeFirst(), on: parent, to: &plan, took: .milliseconds(100), now)
            now = now + .milliseconds(100)
            asked += ask(&plan, parent, now)
        }
        #expect(ask(&plan, origin, now) == [pieces - 2])
        bring(pieces - 2, on: origin, to: &plan, took: .milliseconds(isFaster ? 20 : 30), now)
        plan.takePlace(now: now + .milliseconds(60))
        #expect(plan.branches.isLoose == isFaster)
        #expect(ask(&plan, origin, now + .milliseconds(60)).isEmpty != isFaster)
    }

    @Test("A probe that was all here already says nothing of how fast it came")
    func probedAtOnce() {
        var branches = Branches()
        branches.probes(9, now: start)
        branches.began(9, now: start)
        branches.received(9, bytes: 1 << 18, rate: 1, now: start)
        #expect(!branches.isOutdone)
    }

    @Test("The one before stays so when it has all; when it is gone, the trees are those of all others")
    func parentEnds() throws {
        var plan = try plan(of: 4)
        plan.gained([0..<pieces], on: other, now: start)
        plan.crowd.completed(.number(3))
        plan.takePlace(now: start)
        #expect(plan.branches.isLoose, "it has fallen far behind that one")
        plan.branches = Branches()
        plan.takePlace(now: start)
        #expect(parents(plan) == [.number(2), .number(3)])
        plan.gained([0..<60], on: parent, now: start)
        plan.remove(other)
        plan.crowd.remove(.number(3))
        plan.takePlace(now: start)
        #expect(parents(plan) == [.number(2), nil])
    }

    @Test("One that calls off what it does not have is out of the forest for two seconds, and a holder like before")
    func aside() throws {
        var plan = try plan(of: 4)
        plan.gained([7..<8], on: other, now: start)
        #expect(ask(&plan, other, start) == [7, 1, 3, 5])
        // It came while that was said.
        plan.calledOff(7, by: other, now: start)
        plan.takePlace(now: start)
        #expect(parents(plan) == [.number(2), .number(3)])
        plan.calledOff(1, by: other, now: start)
        plan.takePlace(now: start)
        #expect(parents(plan) == [.number(2), .number(2)] && plan.crowd.rivals.contains(.number(3)))
        let stripe = plan.crowd.forest.stripes[1]
        plan.takePlace(now: start + .milliseconds(1999))
        #expect(plan.crowd.parent(in: stripe) == .number(2))
        plan.takePlace(now: start + .milliseconds(2000))
        #expect(plan.crowd.parent(in: stripe) == .number(3))
    }

    @Test("Instead of one that is out of the forest it is the next before that one")
    func climb() {
        var crowd = Crowd(id: .number(2), pieceCount: pieces)
        for number in [UInt64(1), 3, 4, 5] { _ = crowd.insert(.number(number)) }
        let stripe = crowd.forest.stripes[0]
        #expect(crowd.parent(in: stripe) == .number(3))
        crowd.putAside(.number(3))
        #expect(crowd.parent(in: stripe) == .number(1))
        crowd.putAside(.number(1))
        #expect(crowd.parent(in: stripe) == nil)
        crowd.takeBack()
        #expect(crowd.parent(in: stripe) == .number(3))
    }

    @Test("When the first of a tree is out of the forest, one takes its place, and is before the other that was next")
    func firstAside() {
        // The first tree is 1, 3, 5, 2, 4.
        let parents = [UInt64(3), 5].map { id in
            var crowd = Crowd(id: .number(id), pieceCount: pieces)
            for number in UInt64(1)...5 where number != id { _ = crowd.insert(.number(number)) }
            crowd.putAside(.number(1))
            return crowd.parent(in: crowd.forest.stripes[0])
        }
        #expect(parents == [nil, .number(3)])
    }

    @Test("A crowd too large to be seen alike by all is in a line")
    func large() {
        var crowd = Crowd(id: .number(60), pieceCount: pieces)
        for number in UInt64(1)...49 { _ = crowd.insert(.number(number)) }
        #expect(crowd.forest.stripes.count == 2)
        _ = crowd.insert(.number(50))
        #expect(crowd.forest.stripes == [.whole])
        #expect(crowd.parent(in: .whole) == .number(50))
    }

    @Test("What another download waits for at the same holder is not held up by what that one does not have yet")
    func shared() throws {
        var plan = try plan(of: 4)
        plan.gained([7..<8], on: other, now: start)
        #expect(plan.nextChunk(for: other, mayWait: false, now: start) == 7..<8)
        #expect(plan.nextChunk(for: other, mayWait: false, now: start) == nil)
    }

    @Test("In the forest only those are asked from whom stripes come, all from time to time, and at the end")
    func lanesToAsk() throws {
        var plan = try plan(of: 4)
        let all = [origin, parent, other]
        let asked = [0, 0, 49, 50, 60].map { plan.lanesToAsk(start + .milliseconds($0)) }
        let sources = [parent, other]
        #expect(asked == [all, sources, sources, all, sources])
        for piece in 0..<pieces { _ = plan.stored(piece) }
        #expect(plan.lanesToAsk(start + .milliseconds(70)) == all)
        plan = try self.plan(of: 1)
        let first = [0, 10].map { plan.lanesToAsk(start + .milliseconds($0)) }
        #expect(first == [all, [origin, parent]])
    }

    @Test("There is no forest for few pieces, beside a second holder, or when somebody reads the file while it comes")
    func noForest() throws {
        var few = Plan(layout: try .whole(47), id: .number(4), now: start)
        for rival in UInt64(1)...3 { _ = few.crowd.insert(.number(rival)) }
        few.takePlace(now: start)
        #expect(few.branches.isLoose)
        var two = try plan(of: 4)
        two.add(ConnectionID(rawValue: 4), of: .number(8), now: start)
        two.takePlace(now: start + .milliseconds(60))
        #expect(two.branches.isLoose)
        var read = try plan(of: 4)
        read.isInOrder = true
        read.takePlace(now: start + .milliseconds(60))
        #expect(read.branches.isLoose)
    }
}
