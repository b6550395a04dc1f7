import Content
import Testing
import Wire

@testable import PeerCore

/// Others that fetch the same tree, and how its holder is spared for them.
@Suite struct FellowTests {
    private let start = Moment(nanoseconds: 1_000_000_000)
    private let holder = ConnectionID(rawValue: 1)
    private let fellow = ConnectionID(rawValue: 2)

    /// A plan with a holder and one that fetches the tree as well.
    private func plan(_ count: Int) throws -> TreePlan {
        let tree = try TestTree(small: count)
        var plan = TreePlan(tree.manifest, id: .number(0), files: (0..<count).map { Int32($0) }, now: start)
        plan.add(holder, now: start)
        plan.add(fellow, fellow: .number(2), now: start)
        return plan
    }

    private func bring(_ files: [Int], on connection: ConnectionID, _ plan: inout TreePlan, _ now: Moment) {
        for file in files {
            let arrival = plan.began(file, on: connection, now: now)
            #expect(arrival == .wanted)
            _ = plan.received(on: connection)
            let isFirst = plan.stored(file)
            #expect(isFirst)
            plan.finish(file)
        }
    }

    /// Has the holder send all of this peer's part.
    private func fetchOwnPart(_ plan: inout TreePlan, _ now: Moment) -> [Int] {
        var own: [Int] = []
        while true {
            let asked = plan.ask(holder, now: now)
            if asked.isEmpty { return own }
            bring(asked, on: holder, &plan, now)
            own += asked
        }
    }

    @Test("A holder is asked for this peer's part, a fellow for its own, and together they are the tree")
    func divided() throws {
        var plan = try plan(24)
        let own = fetchOwnPart(&plan, start)
        let others = plan.ask(fellow, now: start)
        #expect(!own.isEmpty && !others.isEmpty)
        #expect(Set(own).isDisjoint(with: others))
        #expect(Set(own).union(others) == Set(0..<24))
        // The fellow divides it in the same way.
        let tree = try TestTree(small: 24)
        var mirror = TreePlan(tree.manifest, id: .number(2), files: (0..<24).map { Int32($0) }, now: start)
        mirror.add(holder, now: start)
        mirror.add(fellow, fellow: .number(0), now: start)
        #expect(fetchOwnPart(&mirror, start) == others)
    }

    @Test("A fellow that has a file not yet is asked again a moment later, for a few first, and the file is not lost")
    func again() throws {
        var plan = try plan(64)
        let asked = plan.ask(fellow, now: start)
        #expect(asked.count > 8)
        for file in asked { plan.released(file, from: fellow, isGone: true, now: start) }
        #expect(plan.takeLost() == [])
        #expect(plan.ask(fellow, now: start + .milliseconds(249)) == [])
        let again = plan.ask(fellow, now: start + .milliseconds(250))
        #expect(again == Array(asked.prefix(8)))
        bring(again, on: fellow, &plan, start + .milliseconds(251))
        #expect(plan.ask(fellow, now: start + .milliseconds(252)).count > 8)
    }

    @Test("When fellows bring nothing for a while the holder is asked for their parts: one file, then more and more")
    func patience() throws {
        var plan = try plan(64)
        _ = fetchOwnPart(&plan, start)
        #expect(plan.ask(holder, now: start + .milliseconds(999)) == [])
        let late = start + .milliseconds(1001)
        let first = plan.ask(holder, now: late)
        #expect(first.count == 1)
        bring(first, on: holder, &plan, late)
        let second = plan.ask(holder, now: late)
        #expect(second.count == 2)
        bring(second, on: holder, &plan, late)
        // As soon as one is heard of, it is left to them again.
        let asked = plan.ask(fellow, now: late)
        bring(Array(asked.prefix(1)), on: fellow, &plan, late)
        #expect(plan.ask(holder, now: late + .milliseconds(10)) == [])
    }

    @Test("What a fellow that leaves was to bring is asked of the holder at once")
    func left() throws {
        var plan = try plan(24)
        let own = fetchOwnPart(&plan, start)
        let others = plan.ask(fellow, now: start)
        plan.remove(fellow, now: start)
        #expect(plan.ask(holder, now: start) == others)
        #expect(own.count + others.count == 24)
    }

    @Test(
        "What no holder has is lost, whatever fellows say; without a holder nothing is, and fellows are asked in turn")
    func lost() throws {
        var plan = try plan(24)
        let own = plan.ask(holder, now: start)
        plan.released(own[0], from: holder, isGone: true, now: start)
        #expect(plan.takeLost() == [own[0]])
        plan.remove(holder, now: start)
        let asked = plan.ask(fellow, now: start)
        #expect(Set(asked) == Set(0..<24).subtracting([own[0]]))
        for file in asked { plan.released(file, from: fellow, isGone: true, now: start) }
        #expect(plan.takeLost() == [])
        let now = start + .milliseconds(250)
        let some = plan.ask(fellow, now: now)
        for file in some { plan.released(file, from: fellow, isGone: true, now: now) }
        let others = plan.ask(fellow, now: now + .seconds(1))
        #expect(Set(some).isDisjoint(with: others))
    }

    @Test("A fellow that has all of the tree is a holder")
    func completed() throws {
        var plan = try plan(24)
        plan.remove(holder, now: start)
        plan.completed(fellow, now: start)
        #expect(plan.hasHolder)
        #expect(plan.ask(fellow, now: start) == Array(0..<24))
    }

    // MARK: The machine

    /// Answers for a peer that fetches the tree as well.
    private func answerAsFellow(_ peer: Harness, _ tree: TestTree, on connection: ConnectionID) {
        let holding = Holding.pieces(PieceSet(pieceCount: 1))
        guard let question = peer.takeQuestion(on: connection),
            let offer = FileOffer(root: tree.root, modified: 0, name: tree.name, holding: holding)
        else { return }
        peer.say(.have(request: question, offer), on: connection)
    }

    @Test("Whoever is named by a holder is asked for the tree's root, then for its part of the files")
    func introduced() throws {
        let peer = Harness()
        let tree = try TestTree(small: 24)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.delta(joined: [2])
        peer.say(.introduce(tree.root, [.number(2)]), on: connections[0])
        let other = peer.connect(2)
        // It was asked by name as a newcomer, too.
        while let question = peer.asked[other]?.last, question.query != .root(tree.root) { peer.notHave(on: other) }
        if peer.asked[other]?.isEmpty != false { peer.say(.introduce(tree.root, [.number(2)]), on: connections[0]) }
        #expect(peer.asked[other]?.last?.query == .root(tree.root))
        answerAsFellow(peer, tree, on: other)
        // What the holder was asked for of its part is called off.
        let called = peer.sent(on: connections[0]).compactMap { message in
            if case .cancel(let root, _, _) = message { root } else { nil }
        }
        #expect(!called.isEmpty && called.count < 24)
        for (file, root) in tree.roots.enumerated() {
            if called.contains(root) {
                peer.say(.endOfChunk(first: 0, .cancelled), on: connections[0])
            } else {
                peer.bring(file, of: tree, on: connections[0])
            }
        }
        #expect(Set(peer.roots(on: other)) == Set(called))
        #expect(peer.roots(on: connections[0]).count == 24)
        peer.say(.endOfChunk(first: 0, .gone), on: other)
        #expect(peer.closed.isEmpty)
        #expect(peer.statuses.map(\.state) == [.fetching])
    }

    @Test(
        "Whoever asks for the root of a tree that is fetched here hears that, by name that there is none, and when it is whole"
    )
    func asked() throws {
        let peer = Harness()
        let tree = try TestTree(small: 1)
        let (_, connections) = peer.grow(tree, from: [1])
        let other = peer.accept(2)
        peer.say(.req(request: 5, .root(tree.root)), on: other)
        let offer = try #require(
            FileOffer(
                root: tree.root, modified: 0, name: tree.name, holding: .pieces(PieceSet(pieceCount: 1))))
        #expect(peer.sent(on: other).contains(.have(request: 5, offer)))
        peer.say(.req(request: 6, .tree(tree.name)), on: other)
        #expect(peer.sent(on: other).contains(.notHave(request: 6, .unknown)))
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.publish(tree, [0])
        #expect(peer.sent(on: other).contains(.nowHave(tree.root, [0..<1])))
    }
}
