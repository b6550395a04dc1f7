import Content
import TestSupport
import Testing

@testable import PeerCore

/// Lanes of random speeds that fail, lie and come again, until every piece is stored.
@Suite struct PlanSimulationTests {
    @Test("Every piece is always in exactly one place, and in the end all are stored", arguments: Seeded.seeds(40))
    func completes(seed: UInt64) throws {
        var simulation = try PlanSimulation(seed: seed)
        for _ in 0..<20_000 where !simulation.plan.isComplete {
            simulation.step()
            if !simulation.plan.misplaced.isEmpty {
                Issue.record("pieces \(simulation.plan.misplaced) are misplaced")
                return
            }
            if simulation.isStuck {
                Issue.record("nobody is asked for what is missing")
                return
            }
        }
        #expect(simulation.plan.isComplete)
    }
}

private struct PlanSimulation {
    private(set) var plan: Plan
    private var random: Seeded
    private var now = Moment(nanoseconds: 0)
    private var lastConnection: UInt64 = 0
    /// What each holder was asked and has not begun to send, in order.
    private var asked: [ConnectionID: [Int]] = [:]
    private var sending: [ConnectionID: Int] = [:]
    private var speeds: [ConnectionID: Int] = [:]
    /// Pieces with workers, and who sent them.
    private var workers: [(piece: Int, from: ConnectionID)] = []

    init(seed: UInt64) throws {
        random = Seeded(seed)
        let length = UInt64.random(in: 1...60 << 20, using: &random)
        plan = Plan(layout: try #require(PieceLayout(length: length)), id: .number(0))
        let holders = (0..<Int.random(in: 0...6, using: &random)).map { _ in newHolder() }
        plan.divide(among: holders, now: now)
        for holder in holders { ask(holder) }
    }

    /// Somebody is there, nothing is on its way, and yet pieces are missing.
    var isStuck: Bool {
        !plan.isComplete && !asked.isEmpty && asked.values.allSatisfy(\.isEmpty) && sending.isEmpty && workers.isEmpty
    }

    mutating func step() {
        now = now + .milliseconds(random.next() % 60)
        switch random.next() % 100 {
        case 0..<3: if asked.count < 8 { join() }
        case 3..<5: if let holder = anyone { leave(holder) }
        case 5..<30: judge()
        case 30..<33: if let holder = anyone { callOff(holder) }
        default: if asked.isEmpty { join() } else if let holder = anyone { send(holder) }
        }
    }

    private var anyone: ConnectionID? {
        mutating get { asked.keys.sorted { $0.rawValue < $1.rawValue }.randomElement(using: &random) }
    }

    private mutating func newHolder() -> ConnectionID {
        lastConnection += 1
        let connection = ConnectionID(rawValue: lastConnection)
        asked[connection] = []
        speeds[connection] = 1 << Int.random(in: 10...24, using: &random)
        return connection
    }

    private mutating func join() {
        let holder = newHolder()
        plan.add(holder, now: now)
        ask(holder)
    }

    private mutating func ask(_ holder: ConnectionID) {
        while let chunk = plan.nextChunk(for: holder, now: now) { asked[holder]? += chunk }
    }

    private mutating func askAll() {
        for holder in asked.keys.sorted(by: { $0.rawValue < $1.rawValue }) { ask(holder) }
    }

    private mutating func leave(_ holder: ConnectionID) {
        asked[holder] = nil
        sending[holder] = nil
        plan.remove(holder)
        askAll()
    }

    /// Begins the next piece, or brings the one begun forward by what the holder's speed allows.
    private mutating func send(_ holder: ConnectionID) {
        guard sending[holder] != nil else {
            guard asked[holder]?.isEmpty == false, let piece = asked[holder]?.removeFirst() else { return ask(holder) }
            if plan.began(piece, on: holder, now: now) == .wanted {
                plan.bufferGranted(holder, now: now)
                sending[holder] = piece
            }
            return ask(holder)
        }
        plan.progressed(holder, bytes: speeds[holder] ?? 0, now: now)
        guard random.next() % UInt64(1 << 24) < UInt64((speeds[holder] ?? 0) * 4),
            let piece = sending.removeValue(forKey: holder)
        else { return }
        plan.received(on: holder, now: now)
        workers.append((piece, holder))
        ask(holder)
    }

    /// A worker ends with some piece, in whatever order; one in twenty is wrong, and its sender a liar.
    private mutating func judge() {
        guard !workers.isEmpty else { return }
        let (piece, holder) = workers.remove(at: Int(random.next() % UInt64(workers.count)))
        if random.next() % 20 == 0 {
            plan.failed(piece)
            leave(holder)
        } else {
            _ = plan.stored(piece)
            askAll()
        }
    }

    /// A holder ends a chunk early.
    private mutating func callOff(_ holder: ConnectionID) {
        guard let last = asked[holder]?.popLast() else { return }
        plan.release(last..<last + 1, from: holder)
        askAll()
    }
}
