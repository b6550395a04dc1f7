import Content
import Testing
import Wire

@testable import PeerCore

/// A crowd in a line: who fetches from whom, and when somebody leaves it.
@Suite struct ChainTests {
    private let start = Moment(nanoseconds: 1_000_000_000)
    private let origin = ConnectionID(rawValue: 1)
    private let parent = ConnectionID(rawValue: 2)
    private let other = ConnectionID(rawValue: 3)
    private let pieces = 100

    /// A plan of the peer of that number, beside those of numbers 2 (`parent`) and 3 (`other`), who have nothing yet.
    private func plan(of number: UInt64) throws -> Plan {
        var plan = Plan(layout: try .whole(pieces), id: .number(number), now: start)
        plan.add(origin, of: .number(9), now: start)
        for (connection, rival) in [(parent, UInt64(2)), (other, 3)] where rival != number {
            _ = plan.crowd.insert(.number(rival))
            plan.add(connection, of: .number(rival), holding: .pieces(PieceSet(pieceCount: pieces)), now: start)
        }
        plan.lineUp(now: start)
        return plan
    }

    private func ask(_ plan: inout Plan, _ connection: ConnectionID, _ now: Moment) -> [Int] {
        plan.lineUp(now: now)
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

    @Test("A line is in the order of ids, and each knows how many are before it and who is next to it")
    func order() {
        let ids = (UInt64(1)...5).map { PeerID.number($0) }
        for (place, id) in ids.enumerated() {
            let line = Line(of: id, among: ids.reversed().filter { $0 != id })
            #expect(line.place == place)
            #expect(line.before == (place > 0 ? ids[place - 1] : nil))
            #expect(line.after == (place < 4 ? ids[place + 1] : nil))
        }
    }

    @Test("The first asks the holder, in the file's order, and the others for what the holder need not send again")
    func first() throws {
        var plan = try plan(of: 1)
        #expect(plan.chain.role == .first)
        plan.gained([1..<2, 90..<91], on: parent, now: start)
        #expect(ask(&plan, origin, start) == [0, 2])
        #expect(Set(ask(&plan, parent, start)).isSubset(of: [1, 90]))
    }

    @Test("Whoever is behind another asks that one only, also before it has anything, and for what it has first")
    func behind() throws {
        var plan = try plan(of: 4)
        #expect(plan.chain.role == .behind(.number(3)))
        plan.gained([5..<6], on: parent, now: start)
        plan.gained([7..<8], on: other, now: start)
        #expect(ask(&plan, origin, start) == [])
        #expect(ask(&plan, parent, start) == [])
        #expect(ask(&plan, other, start) == [7, 0, 1, 2])
        #expect(plan.isForeign(0..<1))
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

    @Test("Whoever gets nothing leaves the line, later the further back it is, and comes back after a second")
    func dry() throws {
        var plan = try plan(of: 4)
        _ = ask(&plan, other, start)
        plan.lineUp(now: start + .milliseconds(1040))
        #expect(plan.chain.role == .behind(.number(3)))
        let left = start + .milliseconds(1101)
        plan.lineUp(now: left)
        #expect(plan.chain.role == .loose && plan.chain.isResting(left))
        // Its part of the crowd's work, as it was without a line.
        let own = ask(&plan, origin, left)
        #expect(!own.isEmpty && own.allSatisfy { plan.crowd.owns($0) })
        plan.lineUp(now: left + .milliseconds(1000))
        #expect(plan.chain.role == .behind(.number(3)))
    }

    @Test("Whoever falls far behind the one before it leaves the line; a lead that one had all along does not matter")
    func lead() throws {
        var plan = try plan(of: 4)
        plan.gained([0..<64], on: other, now: start)
        plan.lineUp(now: start + .milliseconds(60))
        #expect(plan.chain.role == .behind(.number(3)))
        plan.gained([64..<65], on: other, now: start)
        plan.lineUp(now: start + .milliseconds(120))
        #expect(plan.chain.role == .loose)
        // It has come back.
        plan.lineUp(now: start + .milliseconds(1180))
        plan.gained([65..<100], on: other, now: start)
        plan.lineUp(now: start + .milliseconds(1240))
        #expect(plan.chain.role == .behind(.number(3)))
    }

    @Test("Whoever sees others get far more than the one before it leaves the line")
    func slowParent() throws {
        var plan = try plan(of: 4)
        plan.gained([0..<32], on: parent, now: start)
        plan.lineUp(now: start + .milliseconds(60))
        #expect(plan.chain.role == .behind(.number(3)))
        plan.gained([32..<33], on: parent, now: start)
        plan.lineUp(now: start + .milliseconds(120))
        #expect(plan.chain.role == .loose)
    }

    @Test(
        "Some ask the holder for a piece now and then, and leave the line if that is far faster",
        arguments: [true, false])
    func probe(isFaster: Bool) throws {
        var plan = Plan(layout: try .whole(pieces), id: .number(3), now: start)
        plan.add(origin, of: .number(9), now: start)
        _ = plan.crowd.insert(.number(2))
        plan.add(parent, of: .number(2), holding: .pieces(PieceSet(pieceCount: pieces)), now: start)
        // A piece every tenth of a second from the one before it.
        var now = start
        var asked = ask(&plan, parent, now)
        for _ in 0..<7 {
            #expect(ask(&plan, origin, now) == [])
            bring(asked.removeFirst(), on: parent, to: &plan, took: .milliseconds(100), now)
            now = now + .milliseconds(100)
            asked += ask(&plan, parent, now)
        }
        #expect(ask(&plan, origin, now) == [pieces - 1])
        bring(pieces - 1, on: origin, to: &plan, took: .milliseconds(isFaster ? 40 : 60), now)
        plan.lineUp(now: now + .milliseconds(60))
        #expect(plan.chain.role == (isFaster ? .loose : .behind(.number(2))))
        #expect(ask(&plan, origin, now + .milliseconds(60)).isEmpty != isFaster)
    }

    @Test("A probe that was all here already says nothing of how fast it came")
    func probedAtOnce() {
        var chain = Chain()
        chain.probes(9, now: start)
        chain.began(9, now: start)
        chain.received(9, bytes: 1 << 18, rate: 1, now: start)
        #expect(!chain.isOutdone)
    }

    @Test("The one before stays so when it has all; when it is gone, the next before it is")
    func parentEnds() throws {
        var plan = try plan(of: 4)
        plan.gained([0..<pieces], on: other, now: start)
        plan.crowd.completed(.number(3))
        plan.lineUp(now: start)
        #expect(plan.chain.role == .loose, "it has fallen far behind that one")
        plan.chain = Chain()
        plan.lineUp(now: start)
        #expect(plan.chain.role == .behind(.number(3)))
        plan.gained([0..<60], on: parent, now: start)
        plan.remove(other)
        plan.crowd.remove(.number(3))
        plan.lineUp(now: start)
        #expect(plan.chain.role == .behind(.number(2)))
    }

    @Test("One that calls off what it does not have is out of the line for two seconds, and a holder like before")
    func aside() throws {
        var plan = try plan(of: 4)
        plan.gained([7..<8], on: other, now: start)
        #expect(ask(&plan, other, start) == [7, 0, 1, 2])
        // It came while that was said.
        plan.calledOff(7, by: other, now: start)
        #expect(plan.crowd.line.before == .number(3))
        plan.calledOff(0, by: other, now: start)
        plan.release(0..<3, from: other)
        plan.lineUp(now: start)
        #expect(plan.chain.role == .behind(.number(2)) && plan.crowd.rivals.contains(.number(3)))
        plan.lineUp(now: start + .milliseconds(1999))
        #expect(plan.crowd.line.before == .number(2))
        plan.lineUp(now: start + .milliseconds(2000))
        #expect(plan.crowd.line.before == .number(3))
    }

    @Test("What another download waits for at the same holder is not held up by what that one does not have yet")
    func shared() throws {
        var plan = try plan(of: 4)
        plan.gained([7..<8], on: other, now: start)
        #expect(plan.nextChunk(for: other, mayWait: false, now: start) == 7..<8)
        #expect(plan.nextChunk(for: other, mayWait: false, now: start) == nil)
    }

    @Test("Behind another only that one is asked, all from time to time, and at the end")
    func lanesToAsk() throws {
        var plan = try plan(of: 4)
        let all = [origin, parent, other]
        let asked = [0, 0, 49, 50, 60].map { plan.lanesToAsk(start + .milliseconds($0)) }
        #expect(asked == [all, [other], [other], all, [other]])
        for piece in 0..<pieces { _ = plan.stored(piece) }
        #expect(plan.lanesToAsk(start + .milliseconds(70)) == all)
        plan = try self.plan(of: 1)
        let first = [0, 10].map { plan.lanesToAsk(start + .milliseconds($0)) }
        #expect(first == [[origin, parent, other], [origin, parent, other]])
    }

    @Test("There is no line for few pieces, beside a second holder, or when somebody reads the file while it comes")
    func noLine() throws {
        var few = Plan(layout: try .whole(33), id: .number(4), now: start)
        for rival in UInt64(1)...2 { _ = few.crowd.insert(.number(rival)) }
        few.lineUp(now: start)
        #expect(few.chain.role == .loose)
        var two = try plan(of: 4)
        two.add(ConnectionID(rawValue: 4), of: .number(8), now: start)
        two.lineUp(now: start + .milliseconds(60))
        #expect(two.chain.role == .loose)
        var read = try plan(of: 4)
        read.isInOrder = true
        read.lineUp(now: start + .milliseconds(60))
        #expect(read.chain.role == .loose)
    }
}
