import Content
import TestSupport
import Testing
import Transport

@testable import Node

struct UploadTurnsTests {
    private static func policy(slots: Int, waitingMax: Int = 256) -> UploadPolicy {
        var policy = UploadPolicy(slots: slots)
        policy.waitingMax = waitingMax
        return policy
    }

    private func connection(_ number: Int) -> ConnectionID { ConnectionID(rawValue: UInt64(number)) }

    private func party(_ number: Int) -> Party { .connection(connection(number)) }

    private func at(_ seconds: Double) -> Moment { Moment(nanoseconds: UInt64(seconds * 1e9)) }

    @Test("So many are served at a time, so many wait, and the next is turned away")
    func fills() {
        var turns = UploadTurns(Self.policy(slots: 2, waitingMax: 2))
        let answers = (0..<5).map { turns.ask(connection($0), of: party($0), at: at(0)) }
        #expect(answers == [.served, .served, .waits, .waits, .full])
        // Asking again changes nothing.
        let again = (0..<5).map { turns.ask(connection($0), of: party($0), at: at(1)) }
        #expect(again == answers)
        #expect(turns.servedCount == 2 && turns.waitingCount == 2)
        #expect(turns.admit(at: at(1)) == nil)
        turns.leave(connection(1), at: at(0))
        #expect(turns.admit(at: at(1)) == connection(2))
        #expect(turns.admit(at: at(1)) == nil)
        #expect(turns.ask(connection(4), of: party(4), at: at(1)) == .waits)
    }

    @Test("A slot that is free goes to the first in line, not to whoever asks just then")
    func noOvertaking() {
        var turns = UploadTurns(Self.policy(slots: 1))
        #expect(turns.ask(connection(0), of: party(0), at: at(0)) == .served)
        #expect(turns.ask(connection(1), of: party(1), at: at(0)) == .waits)
        turns.leave(connection(0), at: at(0))
        #expect(turns.ask(connection(2), of: party(2), at: at(0)) == .waits)
        #expect(turns.admit(at: at(0)) == connection(1))
    }

    @Test("A turn ends with its bytes if somebody waits, and begins anew if nobody does")
    func endsTurns() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        for second in 1...3 {
            turns.spend(policy.turnBytesMax, of: connection(0))
            let goesOn = turns.goesOn(connection(0), at: at(Double(second)))
            #expect(goesOn)
            #expect(turns.current.map(\.since) == [at(Double(second))])
        }
        _ = turns.ask(connection(1), of: party(1), at: at(4))
        let inTurn = turns.goesOn(connection(0), at: at(4))
        turns.spend(policy.turnBytesMax, of: connection(0))
        let afterTurn = turns.goesOn(connection(0), at: at(4))
        #expect(inTurn && !afterTurn)
    }

    @Test("Whoever gives its slot up stands in line, though the line is full")
    func yields() {
        var turns = UploadTurns(Self.policy(slots: 1, waitingMax: 1))
        for number in 0...1 { _ = turns.ask(connection(number), of: party(number), at: at(0)) }
        turns.spend(4 << 20, of: connection(0))
        turns.yield(connection(0), at: at(0))
        #expect(turns.servedCount == 0 && turns.waitingCount == 2)
        #expect(turns.admit(at: at(0)) == connection(1))
        #expect(turns.waitingCount == 1)
    }

    @Test("A turn ends however tiny the pieces are that are asked for, so that nobody waits behind them for ever")
    func tinyPieces() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        _ = turns.ask(connection(1), of: party(1), at: at(0))
        var count = 0
        while turns.goesOn(connection(0), at: at(0)), count < 1000 {
            turns.spend(1, of: connection(0))
            count += 1
        }
        #expect(count == policy.turnBytesMax / policy.pieceBytesMin)
        turns.yield(connection(0), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(1))
    }

    @Test("Whoever did not use up its turn comes first with its next chunk, until it has")
    func keepsRest() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        for other in 1...2 { _ = turns.ask(connection(other), of: party(other), at: at(0)) }
        turns.spend(1 << 20, of: connection(0))
        turns.leave(connection(0), at: at(0))
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(0))
        turns.spend(3 << 20, of: connection(0))
        turns.leave(connection(0), at: at(0))
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(1))
    }

    @Test("Whoever loses its slot loses the rest of its turn")
    func forfeits() {
        var turns = UploadTurns(Self.policy(slots: 1))
        for number in 0...1 { _ = turns.ask(connection(number), of: party(number), at: at(0)) }
        turns.forfeit(connection(0), at: at(0))
        _ = turns.ask(connection(0), of: party(0), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(1))
    }

    @Test("Whoever goes takes its slot and its place in line with it")
    func forgets() {
        var turns = UploadTurns(Self.policy(slots: 1))
        for number in 0...2 { _ = turns.ask(connection(number), of: party(number), at: at(0)) }
        turns.forget(connection(1), at: at(0))
        turns.forget(connection(0), at: at(0))
        turns.forget(connection(9), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(2))
        #expect(turns.servedCount == 1 && turns.waitingCount == 0)
    }

    @Test("Whoever has waited too long is named, in the order of the line")
    func namesOverdue() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        for number in 0...3 { _ = turns.ask(connection(number), of: party(number), at: at(Double(number))) }
        #expect(turns.overdue(at: at(3.9)).isEmpty)
        #expect(turns.overdue(at: at(5.5)) == [connection(1), connection(2)])
    }

    @Test("Whoever is sent away and comes back in time has its place before those who came later")
    func keepsPlaces() {
        var turns = UploadTurns(Self.policy(slots: 1))
        for number in 0...3 { _ = turns.ask(connection(number), of: party(number), at: at(Double(number))) }
        for number in 1...2 { turns.sendAway(connection(number), at: at(4), until: at(9)) }
        #expect(turns.ask(connection(4), of: party(4), at: at(5)) == .waits)
        #expect(turns.ask(connection(1), of: party(1), at: at(9)) == .waits)
        #expect(turns.ask(connection(2), of: party(2), at: at(99)) == .waits)
        #expect(turns.overdue(at: at(11.9)).contains(connection(1)) == false)
        var order: [ConnectionID] = []
        for _ in 0..<4 {
            guard let served = turns.current.first?.connection else { break }
            turns.leave(served, at: at(100))
            order += turns.admit(at: at(100)).map { [$0] } ?? []
        }
        #expect(order == [1, 3, 4, 2].map(connection) || order == [1, 2, 3, 4].map(connection))
        // Nothing is idle for one who is away.
        turns.leave(order[3], at: at(101))
        _ = turns.ask(connection(0), of: party(0), at: at(101))
        _ = turns.ask(connection(1), of: party(1), at: at(101))
        turns.sendAway(connection(1), at: at(104), until: at(105))
        let goesOn = turns.goesOn(connection(0), at: at(105))
        #expect(goesOn)
        #expect(turns.ask(connection(3), of: party(3), at: at(105)) == .waits)
        turns.leave(connection(0), at: at(105))
        #expect(turns.admit(at: at(105)) == connection(3))
    }

    @Test("Turns that become worth less end sooner, and fewer slots are not given again")
    func changes() {
        var turns = UploadTurns(Self.policy(slots: 2))
        for number in 0...3 { _ = turns.ask(connection(number), of: party(number), at: at(0)) }
        turns.setTurnBytes(1 << 20)
        turns.spend(1 << 20, of: connection(0))
        let goesOn = turns.goesOn(connection(0), at: at(0))
        #expect(!goesOn)
        turns.slots = 1
        turns.yield(connection(0), at: at(0))
        #expect(turns.admit(at: at(0)) == nil)
        turns.leave(connection(1), at: at(0))
        #expect(turns.admit(at: at(0)) == connection(2))
        #expect(turns.admit(at: at(0)) == nil)
    }

    @Test("A peer with three connections gets as many turns as one with one, and its connections share them")
    func countsPeers() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        let greedy = Party.peer(PeerID(high: 0, low: 1), host: PeerAddress(ipv4: 0x7F00_0001, port: 0))
        for number in 0...2 { _ = turns.ask(connection(number), of: greedy, at: at(0)) }
        #expect(turns.ask(connection(3), of: party(3), at: at(0)) == .waits)
        var order: [UInt64] = []
        for _ in 0..<8 {
            guard let next = turns.current.first?.connection else { break }
            order.append(next.rawValue)
            turns.spend(policy.turnBytesMax, of: next)
            let goesOn = turns.goesOn(next, at: at(0))
            #expect(!goesOn)
            turns.yield(next, at: at(0))
            _ = turns.admit(at: at(0))
        }
        #expect(order == [0, 3, 1, 3, 2, 3, 0, 3])
    }

    @Test("Of a peer's connections one is served at a time, the next when that one has no more or is gone")
    func servesOneOfEach() {
        var turns = UploadTurns(Self.policy(slots: 4))
        let peer = Party.peer(PeerID(high: 0, low: 1), host: PeerAddress(ipv4: 0x7F00_0001, port: 0))
        let answers = (0..<3).map { turns.ask(connection($0), of: peer, at: at(0)) }
        #expect(answers == [.served, .waits, .waits])
        #expect(turns.servedCount == 1 && turns.waitingCount == 2)
        #expect(turns.admit(at: at(0)) == nil)
        turns.leave(connection(0), at: at(1))
        #expect(turns.admit(at: at(1)) == connection(1))
        turns.forget(connection(1), at: at(2))
        #expect(turns.admit(at: at(2)) == connection(2))
        #expect(turns.waitingCount == 0)
        turns.forget(connection(2), at: at(3))
        #expect(turns.servedCount == 0 && turns.admit(at: at(3)) == nil)
    }

    @Test("Of a peer's connections one that has waited for a second is served beside the first, until the turn ends")
    func servesBeside() {
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        let peer = Party.peer(PeerID(high: 0, low: 1), host: PeerAddress(ipv4: 0x7F00_0001, port: 0))
        func asks(_ number: Int, at seconds: Double) -> UploadTurns.Answer {
            turns.ask(connection(number), of: number == 2 ? party(2) : peer, at: at(seconds))
        }
        #expect((0...1).map { asks($0, at: 0) } == [.served, .waits])
        let hurried = [0.9, 1, 1].map { turns.hurry(at: at($0)) }
        #expect(hurried == [[], [connection(1)], []])
        #expect((0...1).map { asks($0, at: 1) } == [.served, .served])
        // What goes out on both is of the same turn; then somebody else has the only slot.
        #expect(asks(2, at: 1) == .waits)
        turns.spend(policy.turnBytesMax, of: connection(1))
        let goesOn = turns.goesOn(connection(0), at: at(2))
        #expect(!goesOn)
        turns.yield(connection(0), at: at(2))
        #expect(turns.admit(at: at(2)) == connection(2))
        #expect((0...2).map { asks($0, at: 9) } == [.waits, .waits, .served])
        // The other one is first now.
        turns.leave(connection(2), at: at(10))
        #expect(turns.admit(at: at(10)) == connection(1))
        let late = turns.hurry(at: at(10))
        #expect(late == [connection(0)])
        turns.forget(connection(1), at: at(11))
        #expect(turns.admit(at: at(11)) == connection(0))
        turns.forget(connection(0), at: at(12))
        #expect(turns.waitingCount == 0 && turns.servedCount == 0)
    }

    /// One who asks for chunks of so many pieces, the next when it has the last.
    private struct Asker {
        let chunk: Int
        let piece: Int
        var left = 0
        var bytes = 0
    }

    @Test("Over time all get the same in bytes, however much they ask for at once", arguments: Seeded.seeds(30))
    func isFair(_ seed: UInt64) {
        var random = Seeded(seed)
        let policy = Self.policy(slots: 1)
        var turns = UploadTurns(policy)
        turns.setTurnBytes(.random(in: policy.turnBytesMin...policy.turnBytesMax, using: &random))
        var askers = (0..<Int.random(in: 4...9, using: &random)).map { _ in
            Asker(chunk: .random(in: 1...64, using: &random), piece: 1 << Int.random(in: 18...22, using: &random))
        }
        for number in askers.indices { _ = turns.ask(connection(number), of: party(number), at: at(0)) }
        for _ in 0..<20_000 {
            guard let next = turns.current.first.map({ Int($0.connection.rawValue) }) else { break }
            if askers[next].left == 0 { askers[next].left = askers[next].chunk }
            askers[next].left -= 1
            askers[next].bytes += askers[next].piece
            turns.spend(askers[next].piece, of: connection(next))
            // The chunk is over, or the turn is; the next one is asked for at once.
            if askers[next].left == 0 {
                turns.leave(connection(next), at: at(0))
                _ = turns.ask(connection(next), of: party(next), at: at(0))
            } else if !turns.goesOn(connection(next), at: at(0)) {
                turns.yield(connection(next), at: at(0))
            }
            while turns.admit(at: at(0)) != nil {}
        }
        let bytes = askers.map(\.bytes).sorted()
        let spread = (bytes.last ?? 0) - (bytes.first ?? 0)
        #expect(spread <= 2 * (turns.turnBytes + 1 << 22), "\(askers)")
    }
}
