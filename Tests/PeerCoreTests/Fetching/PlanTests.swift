import Content
import Testing

@testable import PeerCore

@Suite struct PlanTests {
    private let now = Moment(nanoseconds: 1_000_000_000)
    private let a = ConnectionID(rawValue: 1)
    private let b = ConnectionID(rawValue: 2)
    private let c = ConnectionID(rawValue: 3)

    private func plan(pieces: Int, _ connections: [ConnectionID] = []) throws -> Plan {
        var plan = Plan(layout: try .whole(pieces), id: .number(0))
        plan.divide(among: connections, now: now)
        return plan
    }

    /// Everything that a lane may be asked for now.
    private func ask(_ plan: inout Plan, _ connection: ConnectionID) -> [Int] {
        var pieces: [Int] = []
        while let chunk = plan.nextChunk(for: connection, now: now) { pieces += chunk }
        #expect(plan.misplaced == [])
        return pieces
    }

    /// A piece comes whole and is found right.
    private func deliver(_ plan: inout Plan, _ piece: Int, on connection: ConnectionID, rate: Int = 0) {
        let result1 = plan.began(piece, on: connection, now: now)
        #expect(result1 == .wanted)
        plan.bufferGranted(connection, now: now)
        if rate > 0 { plan.progressed(connection, bytes: rate, now: now + .seconds(1)) }
        plan.received(on: connection, now: now)
        let result2 = plan.stored(piece)
        #expect(result2)
        #expect(plan.misplaced == [])
    }

    @Test("The first division is the original's, and every lane begins with its own part")
    func division() throws {
        var plan = try plan(pieces: 60, [a, b, c])
        #expect(ask(&plan, b) == [20, 21, 22, 23])
        #expect(ask(&plan, a) == [0, 1, 2, 3])
        #expect(ask(&plan, c) == [40, 41, 42, 43])
    }

    @Test("A file of few pieces is divided too: nobody takes another's part before that one had its turn")
    func smallFile() throws {
        var plan = try plan(pieces: 3, [a, b, c])
        #expect([a, b, c].map { ask(&plan, $0) } == [[0], [1], [2]])
    }

    @Test("More holders than pieces leave some with nothing but copies of what others bring")
    func fewPieces() throws {
        var plan = try plan(pieces: 2, [a, b, c])
        #expect(ask(&plan, b) == [0])
        #expect(ask(&plan, c) == [1])
        #expect(ask(&plan, a).count == 1)
    }

    @Test("Divided among nobody, all pieces stay free for who comes")
    func nobody() throws {
        var plan = try plan(pieces: 8)
        #expect(plan.misplaced == [])
        plan.add(a, now: now)
        #expect(ask(&plan, a) == [0, 1, 2, 3])
    }

    @Test("A lane that has used up its share takes the upper half of the largest one left")
    func steals() throws {
        var plan = try plan(pieces: 101, [a, b])
        plan.add(c, now: now)
        #expect(ask(&plan, a) == [0, 1, 2, 3])
        #expect(ask(&plan, b) == [50, 51, 52, 53])
        // The first has 46 left, the other 47, of which the upper half begins at 77.
        #expect(ask(&plan, c) == [77, 78, 79, 80])
    }

    @Test("The share of a holder that has too much to do is anybody's until it is asked again")
    func postponed() throws {
        var plan = try plan(pieces: 8, [a, b])
        _ = (ask(&plan, a), ask(&plan, b))
        plan.release(4..<8, from: b)
        plan.postpone(b, until: now + .seconds(30))
        var brought: Set<Int> = []
        while let piece = plan.lanes[a]?.inFlight.first {
            deliver(&plan, piece, on: a)
            brought.insert(piece)
            _ = ask(&plan, a)
        }
        #expect(brought == Set(0..<8))
    }

    @Test("Stealing goes down to a single piece")
    func lastPiece() throws {
        var plan = try plan(pieces: 5, [a])
        #expect(ask(&plan, a) == [0, 1, 2, 3])
        plan.add(b, now: now)
        #expect(ask(&plan, b) == [4])
    }

    @Test("The pieces of a lane that goes are taken by the others, before any stealing")
    func orphans() throws {
        var plan = try plan(pieces: 8, [a, b, c])
        _ = (ask(&plan, a), ask(&plan, b))
        _ = plan.began(0, on: a, now: now)
        plan.remove(a)
        #expect(plan.misplaced == [])
        var taken: [Int] = []
        for _ in 0..<20 {
            let next = ask(&plan, c)
            for piece in next { deliver(&plan, piece, on: c) }
            taken += next
        }
        #expect(Set(taken).isSuperset(of: [0, 1, 2, 3]))
    }

    @Test("When all is in flight, an idle lane doubles the piece that would come last from a slower one")
    func doubles() throws {
        var plan = try plan(pieces: 5, [a, b])
        #expect(ask(&plan, a) == [0, 1])
        #expect(ask(&plan, b) == [2, 3, 4])
        deliver(&plan, 0, on: a, rate: 50 << 20)
        deliver(&plan, 1, on: a, rate: 50 << 20)
        _ = plan.began(2, on: b, now: now)
        plan.progressed(b, bytes: 1000, now: now + .seconds(1))
        #expect(ask(&plan, a) == [4])
        #expect(plan.lanes(expecting: 4).count == 2)
    }

    @Test("A slower lane does not double a faster one's pieces")
    func doesNotDouble() throws {
        var plan = try plan(pieces: 4, [a, b])
        _ = (ask(&plan, a), ask(&plan, b))
        deliver(&plan, 0, on: a, rate: 1000)
        deliver(&plan, 1, on: a, rate: 1000)
        deliver(&plan, 2, on: b, rate: 50 << 20)
        #expect(ask(&plan, a) == [])
    }

    @Test("No piece is asked of more than two lanes")
    func twoCopies() throws {
        var plan = try plan(pieces: 1, [a, b, c])
        let asked = [c, a, b].map { ask(&plan, $0) }
        #expect(asked.filter { $0 == [0] }.count == 2)
    }

    @Test("Nor when one of two has brought it to a worker, and another that was asked long ago gives it back")
    func copyWithWorker() throws {
        var plan = try plan(pieces: 1, [a, b, c])
        let asked = [c, a].map { ask(&plan, $0) }
        #expect(asked == [[0], [0]])
        let arrival = plan.began(0, on: a, now: now)
        #expect(arrival == .wanted)
        plan.received(on: a, now: now)
        plan.release(0..<1, from: b)
        #expect(ask(&plan, b) == [] && plan.misplaced == [])
    }

    @Test("Of a doubled piece whichever comes first counts; the other is late, and stored once")
    func firstCounts() throws {
        var plan = try plan(pieces: 1, [a, b])
        _ = (ask(&plan, b), ask(&plan, a))
        deliver(&plan, 0, on: b)
        let result3 = plan.began(0, on: a, now: now)
        #expect(result3 == .late)
        #expect(plan.isComplete && plan.misplaced == [])
    }

    @Test(
        "Two copies with workers at a time count once, whichever is found right or wrong first",
        arguments: [true, false])
    func bothChecked(_ wrongFirst: Bool) throws {
        var plan = try plan(pieces: 1, [a, b])
        _ = (ask(&plan, b), ask(&plan, a))
        for lane in [a, b] {
            let arrival = plan.began(0, on: lane, now: now)
            #expect(arrival == .wanted)
        }
        for lane in [a, b] { plan.received(on: lane, now: now) }
        var stored = false
        if wrongFirst { plan.failed(0) } else { stored = plan.stored(0) }
        #expect(plan.misplaced == [])
        if wrongFirst { stored = plan.stored(0) } else { plan.failed(0) }
        #expect(stored)
        #expect(plan.isComplete && plan.misplaced == [])
        plan.remove(a)
        #expect(plan.misplaced == [])
    }

    @Test("A piece found wrong is free again")
    func wrongPiece() throws {
        var plan = try plan(pieces: 2, [a])
        _ = ask(&plan, a)
        _ = plan.began(0, on: a, now: now)
        plan.received(on: a, now: now)
        plan.failed(0)
        #expect(plan.misplaced == [])
        plan.add(b, now: now)
        #expect(ask(&plan, b).contains(0))
    }

    @Test("A piece that was asked before a lane went and came again belongs to whoever has it now")
    func cameAgain() throws {
        var plan = try plan(pieces: 1, [a])
        _ = ask(&plan, a)
        plan.remove(a)
        plan.add(b, now: now)
        #expect(ask(&plan, b) == [0])
        plan.add(a, now: now)
        let result4 = plan.began(0, on: a, now: now)
        #expect(result4 == .late)
        #expect(plan.misplaced == [])
    }

    @Test("What a lane will not send after all is free again, but not what is stored or doubled")
    func released() throws {
        var plan = try plan(pieces: 4, [a])
        _ = ask(&plan, a)
        deliver(&plan, 0, on: a)
        plan.release(0..<4, from: a)
        #expect(plan.misplaced == [])
        #expect(Set(ask(&plan, a)) == [1, 2, 3])
    }

    @Test("The bytes stored count a short last piece as what it has")
    func have() throws {
        var plan = Plan(layout: try #require(PieceLayout(length: 2 << 20 + 5)), id: .number(0))
        plan.divide(among: [a], now: now)
        #expect(plan.have == 0)
        _ = ask(&plan, a)
        for (piece, bytes) in [(2, 5), (0, 5 + 1 << 20), (1, 5 + 2 << 20)] as [(Int, UInt64)] {
            deliver(&plan, piece, on: a)
            #expect(plan.have == bytes)
        }
        #expect(Plan(layout: try #require(PieceLayout(length: 0)), id: .number(0)).isComplete)
    }

    @Test("A lane that is gone is asked nothing, and nothing that it does counts")
    func unknownLane() throws {
        var plan = try plan(pieces: 2, [a])
        #expect(ask(&plan, b) == [])
        let result5 = plan.began(0, on: b, now: now)
        #expect(result5 == .late)
        plan.received(on: b, now: now)
        plan.remove(b)
        plan.progressed(b, bytes: 5, now: now)
        #expect(plan.misplaced == [])
    }
}
