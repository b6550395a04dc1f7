import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct ProvisionalTests {
    private let peer = Harness()
    private let file: TestFile
    private let other: TestFile

    init() throws {
        file = try TestFile(pieces: 1, version: 1)
        other = try TestFile(pieces: 1, version: 2)
    }

    private var hasBegun: Bool { peer.machine.downloads.values.contains { $0.isProvisional } }

    /// Three of four holders have answered with the same version, some time ago.
    private func begun(force: Bool = false, local: LocalFile = .absent) -> (RequestID, [ConnectionID]) {
        peer.join([1, 2, 3, 4])
        let request = peer.wish(file, force: force, local: local)
        let connections = (1...4).map { peer.connect(UInt64($0)) }
        for connection in connections.prefix(3) { peer.have(file, on: connection) }
        #expect(!hasBegun)
        peer.pass(.milliseconds(150))
        #expect(hasBegun && peer.statuses.isEmpty)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        return (request, connections)
    }

    /// The only piece comes from whoever was asked for it.
    private func bring(on connections: [ConnectionID]) throws {
        let sender = try #require(connections.first { peer.firstOfChunk(on: $0) == 0 })
        peer.deliver(1, of: file, on: sender)
    }

    private func isKept() -> Bool { peer.effects.contains { if case .keep = $0 { true } else { false } } }

    private func isFound() -> Bool { peer.effects.contains { if case .found = $0 { true } else { false } } }

    private func isDiscarded() -> Bool {
        peer.effects.contains { if case .discardPartial(_, file.root) = $0 { true } else { false } }
    }

    @Test("One that has not answered holds up what the others bring only with its name", arguments: [true, false])
    func confirmed(isOffered: Bool) throws {
        let (request, connections) = begun()
        try bring(on: connections)
        #expect(!peer.isDelivering() && !isKept() && !isFound())
        if isOffered { peer.have(file, on: connections[3]) } else { peer.notHave(on: connections[3]) }
        #expect(peer.isDelivering() && isKept() && isFound())
        #expect(peer.failure(of: request) == nil && peer.statuses.map(\.root) == [file.root])
    }

    @Test("One that does not answer at all holds up the name until the window closes")
    func closed() throws {
        let (_, connections) = begun()
        try bring(on: connections)
        peer.pass(.milliseconds(2_500))
        #expect(!peer.isDelivering())
        peer.pass(.milliseconds(700))
        #expect(peer.isDelivering())
    }

    @Test("Another version that comes late ends as the conflict that it is, and what had come is given up")
    func conflict() throws {
        let (request, connections) = begun()
        try bring(on: connections)
        peer.have(other, on: connections[3])
        guard case .conflict(let versions)? = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        #expect(Set(versions.map(\.root)) == [file.root, other.root])
        #expect(isDiscarded() && !hasBegun && !isKept())
    }

    @Test("A holder that answers late, while it is fetched, takes part in it")
    func lateHolder() throws {
        let (_, connections) = begun()
        peer.have(file, on: connections[3])
        let download = try #require(peer.machine.downloads.values.first)
        #expect(download.holders.count == 4)
    }

    @Test("It is nobody's: not listed, not paused, not joined; its request is called off with it")
    func isNobodys() throws {
        let (request, connections) = begun()
        let pause = peer.newRequest()
        peer.feed(.pause(pause, file.name))
        #expect(peer.failure(of: pause) == .noSuchDownload)
        let second = peer.wish(file)
        try bring(on: connections)
        #expect(!isFound())
        let cancel = peer.newRequest()
        peer.feed(.cancel(cancel, file.name, keepData: false))
        #expect(peer.failure(of: request) == .cancelled && peer.failure(of: second) == .cancelled)
        #expect(isDiscarded() && !hasBegun)
    }

    @Test("Who asks for the same by its root need not wait, and both get it")
    func byRoot() throws {
        let (request, connections) = begun()
        try bring(on: connections)
        let second = peer.wish(file, digest: file.root.digest)
        peer.have(file, on: connections[0])
        #expect(peer.isDelivering() && isKept() && !hasBegun)
        for _ in 0..<2 { peer.notHave(on: connections[3]) }
        let shared = SharedFile(name: file.name, root: file.root, modified: 0, layer: file.layer)
        peer.feed(.delivered(peer.download, .done(shared, backup: nil)))
        #expect(peer.result(of: request) != nil && peer.result(of: second) != nil)
    }

    @Test("Who asks for another version by its root gets that, and what was begun gives way")
    func otherByRoot() throws {
        let (request, connections) = begun()
        try bring(on: connections)
        peer.wish(other, digest: other.root.digest)
        peer.have(other, on: connections[2])
        #expect(isDiscarded() && !hasBegun && peer.statuses.map(\.root) == [other.root])
        for _ in 0..<2 { peer.notHave(on: connections[3]) }
        #expect(peer.failure(of: request) == .otherVersionRunning(other.root))
    }

    @Test("A full disk ends what was begun, and the request is decided as if nothing had been")
    func fullDisk() throws {
        peer.join([1, 2, 3, 4])
        let request = peer.wish(file)
        let connections = (1...4).map { peer.connect(UInt64($0)) }
        for connection in connections.prefix(3) { peer.have(file, on: connection) }
        peer.pass(.milliseconds(150))
        peer.feed(.partialFailed(peer.download, DiskFailure(message: "full", code: 28, isOutOfSpace: true)))
        #expect(!hasBegun && peer.failure(of: request) == nil)
        peer.pass(.milliseconds(500))
        #expect(!hasBegun)
        peer.notHave(on: connections[3])
        #expect(peer.statuses.count == 1)
    }

    @Test(
        "What stands at the name already is not fetched again, unless it is to be replaced", arguments: [true, false])
    func localFile(force: Bool) throws {
        guard force else {
            peer.join([1, 2])
            let request = peer.wish(file, local: .file(other.root))
            let connections = (1...2).map { peer.connect(UInt64($0)) }
            peer.have(file, on: connections[0])
            peer.pass(.milliseconds(500))
            #expect(!hasBegun && peer.failure(of: request) == nil)
            return
        }
        let (_, connections) = begun(force: true, local: .file(other.root))
        try bring(on: connections)
        peer.notHave(on: connections[3])
        #expect(peer.isDelivering(replacing: true))
    }

    @Test("The file that turns up at its name ends what was begun, and the request says that it is there")
    func turnsUp() throws {
        let (request, connections) = begun()
        try bring(on: connections)
        peer.feed(.indexed(SharedFile(name: file.name, root: file.root, modified: 0, layer: file.layer)))
        #expect(!hasBegun && isDiscarded())
        peer.notHave(on: connections[3])
        #expect(peer.result(of: request)?.already == true && peer.statuses.isEmpty)
    }

    @Test("The daemon ends: nothing of it is recorded")
    func leaves() throws {
        let (_, connections) = begun()
        try bring(on: connections)
        peer.take()
        peer.feed(.leave)
        #expect(!peer.effects.contains { if case .commit = $0 { true } else { false } })
    }

    @Test("Whoever waits for less than the window takes what there is by then")
    func shortTimeout() throws {
        peer.join([1, 2])
        let request = peer.wish(file, timeout: .seconds(1))
        peer.have(file, on: peer.connect(1))
        peer.pass(.milliseconds(1_300))
        #expect(peer.failure(of: request) == nil && peer.statuses.map(\.root) == [file.root])
    }

    // MARK: Laggards

    /// Peer 3 has been asked for a file once, and has not answered.
    private func askedInVain() -> [ConnectionID] {
        peer.join([1, 2, 3])
        peer.wish(other)
        let connections = (1...3).map { peer.connect(UInt64($0)) }
        for connection in connections.prefix(2) { peer.have(other, on: connection) }
        peer.pass(.milliseconds(3_300))
        #expect(peer.statuses.count == 1)
        return connections
    }

    @Test("Who did not answer the last time is asked again, and waited for no longer than everybody is")
    func laggard() throws {
        let connections = askedInVain()
        let next = try TestFile("next", pieces: 1)
        let request = peer.wish(next)
        peer.have(next, on: connections[0])
        #expect(!hasBegun)
        peer.have(next, on: connections[1])
        #expect(hasBegun && peer.asked[connections[2]]?.count == 2)
        peer.pass(.milliseconds(150))
        #expect(!hasBegun && peer.failure(of: request) == nil && peer.statuses.count == 2)
    }

    @Test("Who has answered since is waited for as before")
    func caughtUp() throws {
        let connections = askedInVain()
        let second = try TestFile("second", pieces: 1)
        peer.wish(second)
        for connection in connections { peer.have(second, on: connection) }
        let next = try TestFile("next", pieces: 1)
        peer.wish(next)
        for connection in connections.prefix(2) { peer.have(next, on: connection) }
        peer.pass(.milliseconds(2_500))
        #expect(peer.statuses.count == 2)
    }

    @Test("Who answers too late each time is not waited for each time")
    func lateAgain() throws {
        let connections = askedInVain()
        peer.pass(.seconds(1))
        peer.notHave(on: connections[2])
        let next = try TestFile("next", pieces: 1)
        peer.wish(next)
        for connection in connections.prefix(2) { peer.have(next, on: connection) }
        peer.pass(.milliseconds(150))
        #expect(peer.statuses.count == 2)
    }

    @Test("For the newest version of all, laggards too have the whole window")
    func newest() throws {
        let connections = askedInVain()
        let next = try TestFile("next", pieces: 1)
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: next.name, timeout: .seconds(30), choose: .newest)))
        peer.feed(.inspected(request, .absent))
        for connection in connections.prefix(2) { peer.have(next, on: connection) }
        peer.pass(.milliseconds(2_500))
        #expect(peer.statuses.count == 1)
    }

    @Test("Nobody is said to have a file before laggards too have had the whole window")
    func onlyLaggards() throws {
        let connections = askedInVain()
        let next = try TestFile("next", pieces: 1)
        let request = peer.wish(next)
        for connection in connections.prefix(2) { peer.notHave(on: connection) }
        peer.pass(.milliseconds(2_000))
        #expect(peer.failure(of: request) == nil)
        peer.have(next, on: connections[2])
        #expect(peer.statuses.count == 2)
    }
}
