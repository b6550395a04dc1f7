import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct AskingTests {
    private let peer = Harness()
    private let file: TestFile
    private let other: TestFile

    init() throws {
        file = try TestFile(pieces: 1, version: 1)
        other = try TestFile(pieces: 1, version: 2)
    }

    private var isOpening: Bool {
        peer.effects.contains { if case .openPartial = $0 { true } else { false } }
    }

    // MARK: Whom and when

    @Test("Everybody in the roster but this peer is asked by the name, whether a connection is there or not")
    func asksAll() {
        peer.join([1, 2, 3])
        let known = peer.accept(1)
        peer.wish(file)
        #expect(peer.dialed == [.number(2), .number(3)])
        #expect(peer.asked[known]?.map(\.query) == [.name(file.name)])
        let second = peer.connect(2)
        #expect(peer.asked[second]?.map(\.query) == [.name(file.name)])
    }

    @Test("A name is not fetched before everybody has answered")
    func waitsForAll() {
        peer.join([1, 2, 3])
        peer.wish(file)
        peer.have(file, on: peer.connect(1))
        peer.notHave(on: peer.connect(2))
        #expect(!isOpening)
        peer.have(file, on: peer.connect(3))
        #expect(isOpening)
    }

    @Test("A digest is fetched from the first that has it, and the others join as they answer")
    func firstForDigest() {
        peer.join([1, 2, 3])
        let request = peer.wish(file, digest: file.root.digest)
        let first = peer.connect(1)
        peer.notHave(on: first)
        #expect(!isOpening)
        peer.have(file, on: peer.connect(2))
        #expect(isOpening)
        peer.have(file, on: peer.connect(3))
        #expect(peer.statuses.first?.activeHolders == 2)
        #expect(peer.failure(of: request) == nil)
    }

    @Test("A name that somebody has is fetched when the window closes, though others are silent")
    func window() {
        peer.join([1, 2])
        peer.wish(file)
        peer.have(file, on: peer.connect(1))
        let late = peer.connect(2)
        peer.pass(.milliseconds(2900))
        #expect(peer.statuses.isEmpty)
        peer.pass(.milliseconds(400))
        #expect(isOpening && peer.statuses.count == 1)
        peer.have(file, on: late)
        #expect(peer.statuses.first?.activeHolders == 2)
    }

    @Test("Peers that cannot be reached are not waited for, nor those whose connections end again and again")
    func unreachable() {
        peer.join([1, 2, 3])
        peer.wish(file)
        peer.have(file, on: peer.connect(1))
        peer.failDial(2)
        #expect(!isOpening)
        peer.feed(.closed(peer.connect(3), reason: "reset"))
        #expect(!isOpening)
        peer.feed(.closed(peer.connect(3), reason: "reset"))
        #expect(isOpening)
    }

    @Test(
        "A connection that turns out to be dead when a question is put on it is no answer: its peer is asked on others")
    func deadConnections() {
        peer.join([1])
        let connections = [peer.accept(1), peer.accept(1)]
        let request = peer.wish(file)
        for connection in connections { peer.feed(.closed(connection, reason: "reset")) }
        #expect(peer.failure(of: request) == nil)
        peer.have(file, on: peer.connect(1))
        #expect(isOpening)
    }

    @Test("A peer that joins while the ask runs is asked too")
    func newcomer() {
        peer.join([1])
        let request = peer.wish(file)
        let first = peer.connect(1)
        peer.delta(joined: [2])
        peer.notHave(on: first)
        #expect(peer.failure(of: request) == nil)
        peer.have(file, on: peer.connect(2))
        #expect(isOpening)
    }

    // MARK: No roster

    @Test("Without a roster the ask waits for one, and its window begins only then")
    func noRosterYet() {
        peer.welcome()
        peer.wish(file)
        peer.pass(.seconds(20))
        #expect(peer.dialed.isEmpty)
        peer.say(
            .rosterSnapshot(RosterPage(epoch: 1, total: 3, first: 0, entries: peer.entries([0, 1, 2]))),
            on: peer.manager)
        peer.have(file, on: peer.connect(1))
        peer.pass(.seconds(1))
        #expect(peer.statuses.isEmpty)
        peer.notHave(on: peer.connect(2))
        #expect(isOpening)
    }

    @Test("Without a roster until the timeout, the failure says that there is no manager")
    func noManager() {
        peer.feed(.wake)
        peer.feed(.dialFailed(.manager(0), reason: "connection refused"))
        let request = peer.wish(file, timeout: .seconds(2))
        for _ in 0..<20 {
            peer.pass(.milliseconds(200))
            if peer.effects.contains(.dial(.manager(0))) {
                peer.feed(.dialFailed(.manager(0), reason: "connection refused"))
            }
        }
        #expect(peer.failure(of: request) == .noManager(reason: "connection refused"))
    }

    // MARK: Nobody

    @Test("When everybody has answered and nobody has it, that is said at once")
    func nobody() {
        peer.join([1, 2])
        let request = peer.wish(file)
        peer.notHave(on: peer.connect(1))
        #expect(peer.failure(of: request) == nil)
        peer.notHave(on: peer.connect(2))
        #expect(peer.failure(of: request) == .nobody(asked: 2))
    }

    @Test("Just after joining, nobody is said to have it only when those who joined together are known")
    func settling() {
        let peer = Harness { $0.settle = .milliseconds(300) }
        peer.join([1])
        let request = peer.wish(file)
        peer.notHave(on: peer.connect(1))
        peer.pass(.milliseconds(250))
        #expect(peer.failure(of: request) == nil)
        peer.pass(.milliseconds(500))
        #expect(peer.failure(of: request) == .nobody(asked: 1))
    }

    @Test("Alone in the swarm, nobody has it")
    func alone() {
        peer.join([])
        #expect(peer.failure(of: peer.wish(file)) == .nobody(asked: 0))
    }

    @Test("When nobody has it and somebody is silent, the failure comes with the timeout and counts the silent")
    func silentPeers() {
        peer.join([1, 2, 3])
        let request = peer.wish(file, timeout: .seconds(10))
        peer.notHave(on: peer.connect(1))
        peer.connect(2)
        peer.pass(.seconds(9))
        #expect(peer.failure(of: request) == nil)
        peer.pass(.milliseconds(1300))
        #expect(peer.failure(of: request) == .askTimedOut(silent: 2, asked: 3))
    }

    @Test("A peer that is still indexing is asked again, until it knows")
    func indexing() {
        peer.join([1])
        let request = peer.wish(file)
        let connection = peer.connect(1)
        for _ in 0..<5 {
            peer.notHave(on: connection, .indexing)
            #expect(peer.asked[connection]?.isEmpty == true)
            peer.pass(.milliseconds(800))
            #expect(peer.asked[connection]?.count == 1)
        }
        #expect(peer.failure(of: request) == nil)
        peer.have(file, on: connection)
        #expect(isOpening)
    }

    @Test("A download that waits asks a peer again that is still indexing, until it knows")
    func indexingForDownload() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.delta(joined: [2])
        let newcomer = peer.connect(2)
        for _ in 0..<20 {
            if peer.asked[newcomer]?.isEmpty == false { peer.notHave(on: newcomer, .indexing) }
            peer.pass(.milliseconds(250))
        }
        peer.pass(.milliseconds(500))
        #expect(peer.asked[newcomer]?.count == 1)
        peer.have(file, on: newcomer)
        #expect(peer.statuses.first?.state == .fetching)
    }

    @Test("A peer that indexes until the timeout counts as silent")
    func indexingForEver() {
        peer.join([1])
        let request = peer.wish(file, timeout: .seconds(3))
        let connection = peer.connect(1)
        for _ in 0..<20 {
            if peer.asked[connection]?.isEmpty == false { peer.notHave(on: connection, .indexing) }
            peer.pass(.milliseconds(250))
        }
        #expect(peer.failure(of: request) == .askTimedOut(silent: 1, asked: 1))
    }

    @Test("A peer that is indexing may hold another version: it is waited for, but not beyond the window")
    func indexingBeside() {
        peer.join([1, 2])
        peer.wish(file)
        peer.notHave(on: peer.connect(1), .indexing)
        peer.have(file, on: peer.connect(2))
        #expect(!isOpening)
        peer.pass(.seconds(4))
        #expect(isOpening)
    }

    // MARK: Versions

    @Test("Two versions of a name are a conflict that lists each with its holders, the most held first")
    func conflict() {
        peer.join([1, 2, 3])
        let request = peer.wish(file)
        peer.have(other, on: peer.connect(1), modified: 5)
        peer.have(file, on: peer.connect(2), modified: 7)
        peer.have(file, on: peer.connect(3), modified: 6)
        guard case .conflict(let versions) = peer.failure(of: request) else {
            Issue.record("no conflict")
            return
        }
        #expect(versions.map(\.root) == [file.root, other.root])
        #expect(versions.map(\.modified) == [7, 5])
        #expect(Set(versions[0].holders.map(\.address)) == [.number(2), .number(3)])
        #expect(!isOpening)
    }

    @Test("A conflict names this peer among the holders of its own version")
    func conflictWithOwn() {
        peer.join([1, 2])
        let request = peer.wish(file, local: .file(other.root))
        peer.have(file, on: peer.connect(1))
        peer.have(other, on: peer.connect(2))
        guard case .conflict(let versions) = peer.failure(of: request) else {
            Issue.record("no conflict")
            return
        }
        #expect(versions.first { $0.root == other.root }?.holders.contains { $0.address == nil } == true)
    }

    @Test("An offer of another root than the digest asked for breaks the protocol")
    func wrongOffer() {
        peer.join([1])
        peer.wish(file, digest: file.root.digest)
        let connection = peer.connect(1)
        peer.have(other, on: connection)
        #expect(peer.closed[connection] != nil && !isOpening)
    }

    @Test("An answer to what was not asked, or that another was asked, breaks the protocol")
    func notAsked() throws {
        peer.join([1, 2])
        peer.wish(file)
        let (first, second) = (peer.connect(1), peer.connect(2))
        let number = try #require(peer.asked[first]?.first?.number)
        peer.say(.notHave(request: number, .unknown), on: second)
        #expect(peer.closed[second] != nil)
        peer.say(.have(request: 999, try #require(file.offer())), on: first)
        #expect(peer.closed[first] != nil)
    }

    // MARK: What stands here

    @Test("A file that is here with the digest asked for is there already, and nobody is asked")
    func alreadyByDigest() {
        peer.join([1])
        let request = peer.wish(file, digest: file.root.digest, local: .file(file.root))
        #expect(peer.result(of: request)?.already == true)
        #expect(peer.dialed.isEmpty)
    }

    @Test("A file that is here as others have it, or that nobody else has, is there already")
    func already() {
        peer.join([1])
        let request = peer.wish(file, local: .file(file.root))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        #expect(peer.result(of: request)?.already == true)
        let second = peer.wish(file, local: .file(file.root))
        peer.notHave(on: connection)
        #expect(peer.result(of: second)?.already == true)
        #expect(!isOpening)
    }

    @Test("Another file under the name is not replaced, but named with the one that was found")
    func exists() {
        peer.join([1])
        let request = peer.wish(file, local: .file(other.root))
        peer.have(file, on: peer.connect(1))
        #expect(peer.failure(of: request) == .exists(local: other.root, offered: file.root))
        #expect(!isOpening)
    }

    @Test("With force another file under the name is replaced, by a delivery that is told so")
    func force() {
        peer.join([1])
        peer.wish(file, force: true, local: .file(other.root))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: connection)
        #expect(peer.isDelivering(replacing: true))
    }

    @Test("With the digest of another version than is here, and nobody who has it, nobody is the answer")
    func digestOfAnother() {
        peer.join([1])
        let request = peer.wish(file, digest: file.root.digest, local: .file(other.root))
        peer.notHave(on: peer.connect(1))
        #expect(peer.failure(of: request) == .nobody(asked: 1, root: file.root.digest))
    }

    @Test("A directory under the name, and a disk that fails, end the wish at once")
    func notAFile() {
        peer.join([1])
        let disk = DiskFailure(message: "stat: error", code: 5, isOutOfSpace: false)
        #expect(peer.failure(of: peer.wish(file, local: .occupied("a directory"))) == .occupied("a directory"))
        #expect(peer.failure(of: peer.wish(file, local: .failed(disk))) == .disk(disk))
        #expect(peer.dialed.isEmpty)
    }

    // MARK: Several clients

    @Test("A second wish for a name that is being fetched joins its download, and both are told the end")
    func joinsDownload() {
        peer.join([1])
        let first = peer.wish(file)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        let second = peer.wish(file)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: connection)
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: first)?.root == file.root && peer.result(of: second)?.root == file.root)
    }

    @Test("Who joins a download with --force, or without --no-sync, gets what was asked for")
    func joinsForMore() {
        peer.join([1])
        peer.feed(.wish(peer.newRequest(), FetchWish(name: file.name, sync: false, timeout: .seconds(30))))
        peer.feed(.inspected(RequestID(rawValue: 1), .absent))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.wish(file, force: true)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: connection)
        #expect(peer.isDelivering(replacing: true))
    }

    @Test("Who takes up a download that failed for what stood at its name replaces that, if told to")
    func takesUpWithForce() {
        peer.join([1])
        peer.feed(.wish(peer.newRequest(), FetchWish(name: file.name, timeout: .seconds(30))))
        peer.feed(.inspected(RequestID(rawValue: 1), .absent))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: connection)
        peer.feed(.delivered(peer.download, .occupied("a file")))
        peer.feed(.committed(peer.download, nil))
        peer.take()
        peer.wish(file, digest: file.root.digest, force: true)
        #expect(!peer.isDelivering(replacing: true))
        peer.feed(.partialChecked(peer.download))
        #expect(peer.isDelivering(replacing: true))
    }

    @Test("Two wishes for a name that are asked at the same time become one download")
    func asksTogether() {
        peer.join([1])
        let (first, second) = (peer.wish(file), peer.wish(file))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.have(file, on: connection)
        #expect(peer.statuses.count == 1)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.deliver(1, of: file, on: connection)
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: first) != nil && peer.result(of: second) != nil)
    }

    @Test("Another version of a name that is being fetched is not fetched beside it, whenever it is wished for")
    func otherVersion() {
        peer.join([1])
        let early = peer.wish(file, digest: other.root.digest)
        peer.wish(file, digest: file.root.digest)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        let late = peer.wish(file, digest: other.root.digest)
        #expect(peer.failure(of: late) == .otherVersionRunning(file.root))
        peer.have(other, on: connection)
        #expect(peer.failure(of: early) == .otherVersionRunning(file.root))
        #expect(peer.statuses.count == 1)
    }

    @Test("A download that waits with nothing gives its name up to the version that the swarm has now")
    func newVersion() {
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.feed(.partialOpened(peer.download, peer.opened))
        peer.say(.endOfChunk(first: 0, .gone), on: connection)
        #expect(peer.statuses.first?.state == .waiting)
        peer.wish(file)
        peer.have(other, on: connection)
        #expect(peer.statuses.map(\.root) == [other.root])
    }

    @Test("A wish beyond the limit is refused, and the others go on")
    func tooMany() {
        let peer = Harness { $0.requestsMax = 2 }
        peer.welcome()
        _ = (peer.wish(file), peer.wish(other))
        #expect(peer.failure(of: peer.wish(file)) == .tooMany(limit: 2))
    }

    @Test("Cancelling a name that is being asked for ends its wishes; one that nobody wished for is no such download")
    func cancel() {
        peer.join([1])
        let request = peer.wish(file)
        let canceller = RequestID(rawValue: 77)
        peer.feed(.cancel(canceller, file.name, keepData: false))
        #expect(peer.failure(of: request) == .cancelled)
        #expect(peer.effects.contains(.changed(canceller, file.name)))
        peer.feed(.cancel(RequestID(rawValue: 78), file.name, keepData: false))
        #expect(peer.failure(of: RequestID(rawValue: 78)) == .noSuchDownload)
    }
}
