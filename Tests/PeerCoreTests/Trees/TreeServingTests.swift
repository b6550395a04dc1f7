import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct TreeServingTests {
    private let peer = Harness()

    private func ask(_ name: ShareName, _ number: UInt32, on connection: ConnectionID) {
        peer.say(.req(request: number, .tree(name)), on: connection)
    }

    private func made(_ tree: TestTree, layer: [Digest]? = nil) -> ManifestMaking {
        let file = SharedFile(name: tree.name, root: tree.root, modified: 9, layer: layer ?? [tree.root.digest])
        return .made(OfferedTree(manifest: file, length: tree.manifest.length))
    }

    private func answers(on connection: ConnectionID) -> [Message] {
        peer.sent(on: connection).filter { $0.type == .have || $0.type == .notHave }
    }

    private func makings() -> Int { peer.effects.filter { if case .makeManifest = $0 { true } else { false } }.count }

    @Test("Who asks for a directory is answered when its manifest is made; all who ask meanwhile with the same one")
    func made() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connections = [peer.accept(1), peer.accept(2)]
        for connection in connections { ask(tree.name, 5, on: connection) }
        #expect(makings() == 1)
        #expect(connections.allSatisfy { answers(on: $0).isEmpty })
        peer.feed(.manifestMade(tree.name, made(tree)))
        let offer = try #require(tree.offer(modified: 9))
        for connection in connections { #expect(answers(on: connection) == [.have(request: 5, offer)]) }
        ask(tree.name, 6, on: connections[0])
        #expect(makings() == 1)
        #expect(answers(on: connections[0]).last == .have(request: 6, offer))
    }

    @Test("Before everything is indexed, and while a file in it is, the answer is to ask again")
    func indexing() throws {
        let tree = try TestTree(small: 2)
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        #expect(answers(on: connection) == [.notHave(request: 1, .indexing)])
        peer.feed(.indexing(false))
        ask(tree.name, 2, on: connection)
        peer.feed(.manifestMade(tree.name, .pending))
        #expect(answers(on: connection).last == .notHave(request: 2, .indexing))
        ask(tree.name, 3, on: connection)
        peer.feed(.manifestMade(tree.name, .none))
        #expect(answers(on: connection).last == .notHave(request: 3, .unknown))
    }

    @Test("A directory that can be no tree is said so, without looking again, until something in it changes")
    func unfit() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        peer.feed(.manifestMade(tree.name, .unfit("two names that only case tells apart")))
        ask(tree.name, 2, on: connection)
        #expect(answers(on: connection) == [.notHave(request: 1, .unfit), .notHave(request: 2, .unfit)])
        #expect(makings() == 1)
        #expect(peer.machine.unfitTrees.map(\.reason) == ["two names that only case tells apart"])
        peer.feed(.withdrawn(try ShareName("tree/a")))
        #expect(peer.machine.unfitTrees.isEmpty)
        ask(tree.name, 3, on: connection)
        #expect(makings() == 2)
    }

    @Test("Only the last 64 directories that can be no tree are remembered")
    func manyUnfit() throws {
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        for number in 0..<70 {
            ask(try ShareName("d\(number)"), UInt32(number), on: connection)
            peer.pass(.milliseconds(1))
            peer.feed(.manifestMade(try ShareName("d\(number)"), .unfit("no")))
        }
        #expect(peer.machine.unfitTrees.count == 64)
        #expect(peer.machine.unfitTrees.contains { $0.name.path == "d69" })
        #expect(!peer.machine.unfitTrees.contains { $0.name.path == "d5" })
    }

    @Test(
        "A change below the directory, or of it, makes the manifest anew; one beside it does not",
        arguments: [("tree/a", true), ("tree/sub/b", true), ("tree", true), ("tree2/a", false), ("other", false)])
    func changed(_ name: String, _ isConcerned: Bool) throws {
        let tree = try TestTree(small: 2)
        let name = try ShareName(name)
        for input in [
            PeerInput.withdrawn(name), .settling(name), .directoryChanged(name),
            .indexed(SharedFile(name: name, root: .empty, modified: 0, layer: [])),
        ] {
            let peer = Harness()
            peer.feed(.indexing(false))
            let connection = peer.accept(1)
            peer.say(.req(request: 1, .tree(tree.name)), on: connection)
            peer.feed(.manifestMade(tree.name, made(tree)))
            peer.take()
            peer.feed(input)
            peer.say(.req(request: 2, .tree(tree.name)), on: connection)
            #expect(peer.effects.contains(.makeManifest(tree.name)) == isConcerned)
        }
    }

    @Test("A change while the manifest is made is not overlooked, and after ten seconds it is made anew in any case")
    func meanwhile() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        peer.feed(.directoryChanged(try ShareName("tree/new")))
        peer.feed(.manifestMade(tree.name, made(tree)))
        ask(tree.name, 2, on: connection)
        #expect(makings() == 2)
        peer.feed(.manifestMade(tree.name, made(tree)))
        ask(tree.name, 3, on: connection)
        #expect(makings() == 2)
        peer.pass(.seconds(11))
        ask(tree.name, 4, on: connection)
        #expect(makings() == 3)
    }

    @Test("A manifest is served like a file: by root, with its digests and its pieces")
    func served() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        peer.feed(.manifestMade(tree.name, made(tree)))
        peer.say(.req(request: 2, .root(tree.root)), on: connection)
        #expect(answers(on: connection).last?.type == .have)
        peer.say(.hashesRequest(tree.root, first: 0, count: 1), on: connection)
        #expect(peer.sent(on: connection).last == .hashes(tree.root, first: 0, [tree.root.digest]))
        peer.say(.chunk(tree.root, first: 0, count: 1), on: connection)
        #expect(peer.effects.contains(.serve(connection, .manifest(tree.root.digest), tree.root, 0..<1)))
        // So people ask for files, and would get a list of files as one.
        peer.say(.req(request: 8, .digest(tree.root.digest)), on: connection)
        #expect(answers(on: connection).last == .notHave(request: 8, .unknown))
    }

    @Test("While a directory is fetched it is no version of itself, nor is one above or below it")
    func fetching() throws {
        let tree = try TestTree("a/tree", small: 2)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.feed(.indexing(false))
        for name in ["a/tree", "a", "a/tree/sub"] {
            ask(try ShareName(name), 9, on: connections[0])
            #expect(answers(on: connections[0]).last == .notHave(request: 9, .unknown))
        }
        ask(try ShareName("b"), 9, on: connections[0])
        #expect(makings() == 1)
    }

    @Test("A directory that is fetched to while it is gone through is no version of itself, nor when that has ended")
    func fetchedMeanwhile() throws {
        let tree = try TestTree(small: 1)
        peer.feed(.indexing(false))
        let connection = peer.accept(9)
        ask(tree.name, 1, on: connection)
        #expect(makings() == 1)
        _ = peer.grow(tree, from: [1])
        peer.feed(.manifestMade(tree.name, made(tree)))
        #expect(answers(on: connection) == [.notHave(request: 1, .unknown)])
        // Asked for when it is given up, and gone through while the last of it came.
        peer.feed(.cancel(RequestID(rawValue: 99), tree.name, keepData: false))
        ask(tree.name, 2, on: connection)
        peer.machine.shelf.fetched(to: tree.name)
        peer.feed(.manifestMade(tree.name, made(tree)))
        #expect(answers(on: connection).last == .notHave(request: 2, .indexing))
        ask(tree.name, 3, on: connection)
        peer.feed(.manifestMade(tree.name, made(tree)))
        let offer = try #require(tree.offer(modified: 9))
        #expect(answers(on: connection).last == .have(request: 3, offer))
    }

    @Test("More directories than are gone through at one time wait; of more than may, the askers are told to ask again")
    func full() throws {
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        for number in 0..<6 { ask(try ShareName("d\(number)"), UInt32(number), on: connection) }
        #expect(makings() == 4 && answers(on: connection).isEmpty)
        for number in 0..<300 { ask(try ShareName("d0"), UInt32(100 + number), on: connection) }
        #expect(answers(on: connection).count == 45)
        peer.feed(.manifestMade(try ShareName("d1"), .none))
        #expect(makings() == 5 && answers(on: connection).last == .notHave(request: 1, .unknown))
        for number in 0..<1100 { ask(try ShareName("e\(number)"), UInt32(1000 + number), on: connection) }
        // One of d0 to d5 waits still.
        #expect(answers(on: connection).count == 45 + 1 + 1100 - 1023)
        for number in 2...5 { peer.feed(.manifestMade(try ShareName("d\(number)"), .none)) }
        #expect(makings() == 9)
    }

    @Test("Who is gone when the manifest is made is not answered")
    func gone() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        peer.feed(.closed(connection, reason: "reset"))
        peer.feed(.manifestMade(tree.name, made(tree)))
        #expect(answers(on: connection).isEmpty)
    }

    @Test("A name that is a directory's manifest's is no file's")
    func notAFile() throws {
        let tree = try TestTree(small: 2)
        peer.feed(.indexing(false))
        let connection = peer.accept(1)
        ask(tree.name, 1, on: connection)
        peer.feed(.manifestMade(tree.name, made(tree)))
        peer.say(.req(request: 2, .name(tree.name)), on: connection)
        #expect(answers(on: connection).last == .notHave(request: 2, .unknown))
    }
}
