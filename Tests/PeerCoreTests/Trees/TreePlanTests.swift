import Content
import TestSupport
import Testing

@testable import PeerCore

@Suite struct TreePlanTests {
    private let now = Moment(nanoseconds: 0)
    private let one = ConnectionID(rawValue: 1)
    private let two = ConnectionID(rawValue: 2)

    private func manifest(_ count: Int, length: UInt64 = 4096) throws -> Manifest {
        let digest = try #require(Digest(bytes: [UInt8](repeating: 7, count: 32)))
        return try Manifest(
            name: ShareName("tree"),
            entries: (0..<count).map { number in
                let path = String(repeating: "0", count: 6 - "\(number)".count) + "\(number)"
                return .init(path: path, kind: .file(FileRoot(digest: digest, length: length), FileMode(of: 0o644)))
            })
    }

    private func plan(_ count: Int, length: UInt64 = 4096) throws -> TreePlan {
        TreePlan(
            try manifest(count, length: length), id: PeerID(high: 0, low: 0), files: Array(0..<Int32(count)), now: now)
    }

    private func count(_ plan: inout TreePlan, _ connection: ConnectionID) -> Int {
        plan.ask(connection, now: now).count
    }

    /// A file comes on a lane and is right.
    private func bring(_ file: Int, _ connection: ConnectionID, _ plan: inout TreePlan) {
        #expect(plan.began(file, on: connection, now: now) == .wanted)
        _ = plan.received(on: connection)
        #expect(plan.stored(file) == true)
    }

    @Test("A lane is asked for files in order, as many as its window takes, and for more when half have come")
    func window() throws {
        var plan = try plan(1000)
        plan.add(one, now: now)
        // 128 KiB at first.
        #expect(plan.ask(one, now: now) == Array(0..<32))
        #expect(plan.ask(one, now: now) == [])
        for file in 0..<15 { bring(file, one, &plan) }
        #expect(plan.ask(one, now: now) == [])
        bring(15, one, &plan)
        #expect(plan.ask(one, now: now) == Array(32..<48))
    }

    @Test("A lane has up to 256 files in flight and no more, and at least one, whatever their size")
    func wide() throws {
        var plan = try plan(2000, length: 100)
        plan.add(one, now: now)
        #expect(count(&plan, one) == 256)
        var large = try self.plan(20, length: 1 << 20)
        large.add(one, now: now)
        #expect(count(&large, one) == 1)
    }

    @Test("Files are divided among lanes, each to one of them")
    func divided() throws {
        var plan = try plan(64)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == Array(0..<32))
        #expect(plan.ask(two, now: now) == Array(32..<64))
    }

    @Test("What a lost lane had in flight, and what was coming in on it, goes to another")
    func lostLane() throws {
        var plan = try plan(20)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(count(&plan, one) == 20)
        bring(0, one, &plan)
        #expect(plan.began(1, on: one, now: now) == .wanted)
        plan.remove(one, now: now)
        let asked = plan.ask(two, now: now)
        #expect(asked.sorted() == Array(1..<20))
        #expect(!plan.isDrained)
    }

    @Test("A file that a holder does not have is asked of another, and not of it again")
    func gone() throws {
        var plan = try plan(2)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0, 1])
        plan.add(two, now: now)
        plan.released(0, from: one, isGone: true, now: now)
        bring(1, one, &plan)
        #expect(plan.ask(one, now: now) == [])
        #expect(plan.takeLost() == [])
        #expect(plan.ask(two, now: now) == [0])
    }

    @Test("A file that no holder has is lost, and the rest goes on")
    func lost() throws {
        var plan = try plan(2)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == [0, 1])
        plan.released(0, from: one, isGone: true, now: now)
        #expect(plan.ask(two, now: now) == [0])
        plan.released(0, from: two, isGone: true, now: now)
        #expect(!plan.isDrained)
        bring(1, one, &plan)
        #expect(plan.isDrained)
        #expect(plan.takeLost() == [0])
        #expect(!plan.isDone)
        plan.finish(1)
        #expect(plan.isDone)
    }

    @Test("When the holder that may have a file goes, those that lack it are all there are: it is lost")
    func lostWithLane() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == [0])
        plan.released(0, from: one, isGone: true, now: now)
        plan.remove(two, now: now)
        #expect(plan.takeLost() == [0])
    }

    @Test("A file that comes back from a fellow after the only holder lacked it is lost, too")
    func lostFromFellow() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0])
        plan.add(two, fellow: PeerID(high: 1, low: 2), now: now)
        plan.fly(0, on: two, now: now)
        plan.released(0, from: one, isGone: true, now: now)
        #expect(plan.takeLost() == [])
        plan.released(0, from: two, isGone: true, now: now)
        #expect(plan.takeLost() == [0])
    }

    @Test("A holder that has none of very many files costs no more for each than for the first")
    func losesMany() throws {
        let count = 20_000
        var plan = try plan(count)
        plan.add(one, now: now)
        var lost = 0
        let took = ContinuousClock().measure {
            while case let asked = plan.ask(one, now: now), !asked.isEmpty {
                for file in asked { plan.released(file, from: one, isGone: true, now: now) }
                lost += plan.takeLost().count
            }
        }
        #expect(lost == count)
        // It takes a second or two; to look at all that are lost for each took minutes.
        #expect(took < .seconds(20), "\(took)")
    }

    @Test("Without any holder nothing is lost, and a new one may have it")
    func noHolders() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0])
        plan.remove(one, now: now)
        #expect(plan.takeLost() == [])
        plan.add(two, now: now)
        #expect(plan.ask(two, now: now) == [0])
    }

    @Test("A busy lane is not asked before its time")
    func busy() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0])
        plan.released(0, from: one, isGone: false, now: now)
        plan.postpone(one, until: now + .seconds(1))
        #expect(plan.ask(one, now: now) == [])
        #expect(plan.ask(one, now: now + .seconds(1)) == [0])
    }

    @Test("At the end a slow lane's files are asked of a fast one too; the copy that comes later is not wanted")
    func doubled() throws {
        var plan = try plan(40)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(count(&plan, one) == 32)
        #expect(plan.ask(two, now: now) == Array(32..<40))
        for file in 32..<40 {
            #expect(plan.began(file, on: two, now: now) == .wanted)
            plan.progressed(two, bytes: 1 << 20, now: now + .milliseconds(UInt64(file) * 10))
            _ = plan.received(on: two)
            #expect(plan.stored(file) == true)
        }
        let asked = plan.ask(two, now: now)
        let file = try #require(asked.first)
        #expect(file == 31)
        #expect(plan.began(file, on: two, now: now) == .wanted)
        #expect(plan.received(on: two) == [one])
        plan.released(file, from: one, isGone: false, now: now)
        #expect(plan.began(file, on: one, now: now) == .late)
        #expect(plan.stored(file) == true)
        #expect(plan.ask(two, now: now) == [30])
    }

    @Test("A lane that drips after a burst loses its files to an idle one within a second")
    func drips() throws {
        var plan = try plan(2, length: 100_000)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0, 1])
        plan.add(two, now: now)
        #expect(plan.began(0, on: one, now: now) == .wanted)
        plan.bufferGranted(one, now: now)
        plan.progressed(one, bytes: 64 << 10, now: now + .milliseconds(50))
        plan.progressed(two, bytes: 100 << 10, now: now + .milliseconds(200))
        #expect(plan.ask(two, now: now + .milliseconds(60)) == [])
        let later = now + .milliseconds(900)
        #expect(plan.ask(two, now: later) == [1])
        #expect(plan.began(1, on: two, now: later) == .wanted)
        #expect(plan.received(on: two) == [one])
        plan.released(1, from: one, isGone: false, now: later)
        #expect(plan.stored(1) == true)
        #expect(plan.ask(two, now: later) == [0])
        bring(0, two, &plan)
        #expect(plan.isDrained)
    }

    @Test("A lane that has brought nothing yet takes over what another has not brought for a while")
    func untried() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == [0])
        #expect(plan.ask(two, now: now + .milliseconds(200)) == [])
        #expect(plan.ask(two, now: now + .milliseconds(250)) == [0])
    }

    @Test("A lane that has brought its files takes over what another has not brought soon, though no rate is known yet")
    func tried() throws {
        var plan = try plan(2)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0, 1])
        plan.add(two, now: now)
        plan.progressed(two, bytes: 1, now: now)
        #expect(plan.ask(two, now: now + .milliseconds(10)) == [])
        #expect(plan.ask(two, now: now + .milliseconds(20)) == [1])
    }

    @Test("Two copies under way at once make one file, and the second does not keep the tree from its end")
    func twoCopies() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == [0])
        #expect(plan.began(0, on: one, now: now) == .wanted)
        plan.progressed(two, bytes: 1 << 20, now: now + .milliseconds(100))
        #expect(plan.ask(two, now: now) == [0])
        bring(0, two, &plan)
        plan.finish(0)
        #expect(plan.isDone)
        _ = plan.received(on: one)
        #expect(plan.stored(0) == false)
        #expect(plan.isDone)
    }

    @Test(
        "A copy that was not written beside another counts for nothing, and if that fails too the file is asked again")
    func superfluousCopy() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        plan.add(two, now: now)
        #expect(plan.ask(one, now: now) == [0])
        #expect(plan.began(0, on: one, now: now) == .wanted)
        plan.progressed(two, bytes: 1 << 20, now: now + .milliseconds(100))
        #expect(plan.ask(two, now: now) == [0])
        #expect(plan.began(0, on: two, now: now) == .wanted)
        _ = plan.received(on: two)
        _ = plan.received(on: one)
        plan.failed(0)
        #expect(plan.ask(two, now: now) == [])
        plan.failed(0)
        #expect(plan.ask(two, now: now) == [0])
    }

    @Test("A file that was wrong is fetched again, but not when a right copy of it is here")
    func wrong() throws {
        var plan = try plan(1)
        plan.add(one, now: now)
        #expect(plan.ask(one, now: now) == [0])
        #expect(plan.began(0, on: one, now: now) == .wanted)
        _ = plan.received(on: one)
        plan.failed(0)
        #expect(plan.ask(one, now: now) == [0])
        bring(0, one, &plan)
        #expect(plan.ask(one, now: now) == [])
        #expect(plan.isDrained)
        #expect(!plan.isDone)
    }

    @Test("Whatever holders do, every file is fetched once in the end, or lost", arguments: Seeded.seeds(20))
    func anything(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let count = Int.random(in: 1...200, using: &random)
        var plan = try plan(count, length: 20_000)
        var flights: [ConnectionID: [Int]] = [:]
        var stored: Set<Int> = []
        var lost: Set<Int> = []
        var next: UInt64 = 0
        var steps = 0
        var now = now
        while !plan.isDone || stored.count + lost.count < count {
            steps += 1
            now = now + .milliseconds(random.next() % 100)
            try #require(steps < 100_000)
            lost.formUnion(plan.takeLost())
            if flights.isEmpty || (flights.count < 4 && random.next() % 50 == 0) {
                next += 1
                let connection = ConnectionID(rawValue: next)
                plan.add(connection, fellow: random.next() % 3 == 0 ? PeerID(high: 1, low: next) : nil, now: now)
                flights[connection] = []
            }
            let connections = flights.keys.sorted { $0.rawValue < $1.rawValue }
            guard let connection = connections.randomElement(using: &random) else { continue }
            flights[connection]? += plan.ask(connection, now: now)
            if random.next() % 100 == 0 {
                plan.remove(connection, now: now)
                flights[connection] = nil
                continue
            }
            guard let file = flights[connection]?.first else { continue }
            flights[connection]?.removeFirst()
            switch random.next() % 20 {
            case 0: plan.released(file, from: connection, isGone: true, now: now)
            case 1: plan.released(file, from: connection, isGone: false, now: now)
            default:
                guard plan.began(file, on: connection, now: now) == .wanted else { continue }
                for other in plan.received(on: connection) { plan.released(file, from: other, isGone: false, now: now) }
                if random.next() % 10 == 0 {
                    plan.failed(file)
                } else if plan.stored(file) {
                    #expect(stored.insert(file).inserted)
                    plan.finish(file)
                }
            }
        }
        #expect(stored.union(lost) == Set(0..<count))
        #expect(stored.isDisjoint(with: lost))
    }
}
