import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct DecidingTests {
    private let peer = Harness()
    private let file: TestFile
    private let other: TestFile

    init() throws {
        file = try TestFile(pieces: 1, version: 1)
        other = try TestFile(pieces: 1, version: 2)
    }

    private func survey(_ name: ShareName, isTree: Bool = false, local: LocalFile) -> RequestID {
        let request = peer.newRequest()
        peer.feed(.survey(request, name, isTree: isTree))
        peer.feed(.inspected(request, local))
        return request
    }

    private func report(of request: RequestID) -> Survey? {
        peer.effects.compactMap { if case .surveyed(request, let survey) = $0 { survey } else { nil } }.last
    }

    // MARK: What is here

    @Test("A survey has what is here as a version of its own, as old as it is, when others have another")
    func ownVersion() throws {
        peer.join([1])
        peer.feed(.indexed(SharedFile(name: other.name, root: other.root, modified: 77, layer: other.layer)))
        let request = survey(file.name, local: .file(other.root))
        peer.have(file, on: peer.connect(1), modified: 5)
        let versions = try #require(report(of: request)).versions
        #expect(versions.map(\.root) == [file.root, other.root])
        #expect(versions.map(\.modified) == [5, 77])
        #expect(versions.map { $0.holders.map(\.address) } == [[.number(1)], [nil]])
    }

    @Test("Rotten bytes are no version: with force others' are fetched, and if nobody has any that is told")
    func rottenIsHere() {
        peer.join([1])
        let request = peer.wish(file, force: true, local: .rotten(other.root))
        let connection = peer.connect(1)
        peer.notHave(on: connection)
        #expect(peer.result(of: request) == nil)
        #expect(peer.failure(of: request) == .nobody(asked: 1, banned: 0, root: nil, unfit: []))
        let again = peer.wish(file, force: true, local: .rotten(other.root))
        peer.have(file, on: connection)
        #expect(peer.failure(of: again) == nil && peer.statuses.map(\.root) == [file.root])
    }

    @Test("A directory that has rotted here is told as that if nobody has it whole, and fetched if somebody does")
    func rottenDirectory() throws {
        let tree = try TestTree(small: 2)
        peer.join([1])
        let alone = peer.wish(tree, local: .rottenTree)
        let connection = peer.connect(1)
        peer.notHave(on: connection)
        #expect(peer.failure(of: alone) == .rotten)
        let other = peer.wish(tree, local: .rottenTree)
        peer.have(tree, on: connection)
        #expect(peer.failure(of: other) == nil && peer.statuses.map(\.root) == [tree.root])
    }

    @Test("The newest of several versions may be the one that is here: then it stays", arguments: [4, 6] as [Int64])
    func newestIsHere(_ own: Int64) throws {
        peer.join([1])
        peer.feed(.indexed(SharedFile(name: other.name, root: other.root, modified: own, layer: other.layer)))
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: file.name, force: true, timeout: .seconds(30), choose: .newest)))
        peer.feed(.inspected(request, .file(other.root)))
        peer.have(file, on: peer.connect(1), modified: 5)
        #expect(peer.result(of: request)?.already == (own > 5 ? true : nil))
        #expect(peer.statuses.count == (own > 5 ? 0 : 1))
    }

    @Test(
        "Which version is the newest is asked also while one is being fetched: only that one is joined",
        arguments: [4, 6])
    func newestWhileFetching(_ others: Int64) {
        peer.join([1, 2])
        peer.wish(file)
        let (first, second) = (peer.connect(1), peer.connect(2))
        peer.have(file, on: first)
        peer.notHave(on: second)
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: file.name, timeout: .seconds(30), choose: .newest)))
        peer.feed(.inspected(request, .absent))
        peer.have(file, on: first, modified: 5)
        peer.have(other, on: second, modified: others)
        #expect(peer.failure(of: request) == (others > 5 ? .otherVersionRunning(file.root) : nil))
        #expect(peer.statuses.map(\.root) == [file.root])
    }

    @Test("What is here as others have it is one version, and what nobody else has is one too")
    func ownAmongOthers() throws {
        peer.join([1])
        let request = survey(file.name, local: .file(file.root))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        #expect(try #require(report(of: request)).versions.map(\.holders.count) == [2])
        let alone = survey(file.name, local: .file(file.root))
        peer.notHave(on: connection)
        #expect(try #require(report(of: alone)).versions.map(\.holders) == [[.init(address: nil, have: 1 << 20)]])
    }

    @Test("A directory that is here is a version of a survey, as long as its files are")
    func ownTree() throws {
        let (tree, theirs) = (try TestTree(small: 3), try TestTree(small: 4))
        peer.join([1])
        let manifest = SharedFile(name: tree.name, root: tree.root, modified: 9, layer: [tree.root.digest])
        peer.feed(.manifestMade(tree.name, .made(OfferedTree(manifest: manifest, length: 3 * 4096))))
        let local = LocalVersion(root: tree.root, length: 3 * 4096)
        let request = survey(tree.name, isTree: true, local: .tree(local))
        peer.have(theirs, on: peer.connect(1))
        let versions = try #require(report(of: request)).versions
        #expect(versions.map(\.length) == [4 * 4096, 3 * 4096])
        #expect(versions.map(\.modified).last == 9)
    }

    @Test("What is here is nothing to choose from: one other version is no conflict")
    func ownIsNoConflict() {
        peer.join([1])
        let request = peer.wish(file, local: .file(other.root))
        peer.have(file, on: peer.connect(1))
        #expect(peer.failure(of: request) == .exists(local: other.root, offered: file.root))
    }

    // MARK: Who is not asked

    @Test("When nobody has it, it is told how many have banned this peer")
    func refusing() {
        peer.join([1, 2])
        let request = peer.wish(file)
        let connection = peer.connect(1)
        peer.say(.refused(.banned, reason: "this peer is refused for a while"), on: connection)
        peer.notHave(on: peer.connect(2))
        #expect(peer.failure(of: request) == .nobody(asked: 2, refusing: 1))
        let notes = peer.effects.filter { if case .note(.refusedBy) = $0 { true } else { false } }
        #expect(notes.count == 1)
    }

    @Test("When nobody has it, it is told how many were not asked because they are banned")
    func banned() {
        let ban = Ban(peer: .number(2), address: .number(2), reason: "lied", until: peer.now + .seconds(600))
        peer.feed(.restoredBan(ban))
        peer.join([1, 2])
        let request = peer.wish(file)
        let connection = peer.connect(1)
        peer.notHave(on: connection)
        #expect(peer.failure(of: request) == .nobody(asked: 1, banned: 1))
        let looked = survey(file.name, local: .absent)
        peer.notHave(on: connection)
        #expect(report(of: looked)?.banned == 1 && report(of: looked)?.asked == 1)
    }
}
