import Content
import Testing
import Wire

@testable import PeerCore

/// Chunks that are asked of a peer before it has their pieces.
@Suite struct WaitingChunkTests {
    private let file: TestFile
    private let peer = Harness()
    private let origin: ConnectionID
    private let follower: ConnectionID

    /// A peer that fetches from one holder, and one behind it that knows so.
    init() throws {
        file = try TestFile(pieces: 40)
        let (_, connections) = peer.fetch(file, from: [1])
        origin = connections[0]
        peer.delta(joined: [2])
        follower = peer.accept(2)
        peer.say(.req(request: 1, .root(file.root)), on: follower)
        peer.take()
    }

    private func ask(_ piece: Int) { peer.say(.chunk(file.root, first: piece, count: 1), on: follower) }

    /// What was given to the uploads since somebody last looked.
    private var served: [PeerEffect] {
        peer.take().filter {
            switch $0 {
            case .serve, .serveNothing, .stopServing: true
            default: false
            }
        }
    }

    private func serve(_ piece: Int) -> PeerEffect {
        .serve(follower, .partial(peer.download), file.root, piece..<piece + 1)
    }

    private func bring(_ count: Int) {
        peer.deliver(count, of: file, on: origin)
        peer.pass(.milliseconds(30))
        peer.feed(.committed(peer.download, nil))
    }

    @Test("They wait until their pieces may be offered, and are served in the order in which they were asked")
    func waits() {
        ask(1)
        ask(0)
        #expect(served == [])
        peer.deliver(1, of: file, on: origin)
        #expect(served == [], "piece 0 is behind piece 1")
        peer.feed(.committed(peer.download, nil))
        #expect(served == [])
        bring(1)
        #expect(served == [serve(1), serve(0)])
        ask(0)
        #expect(served == [serve(0)])
    }

    @Test("What is called off meanwhile ends in its turn")
    func cancelled() {
        ask(1)
        ask(2)
        peer.say(.cancel(file.root, first: 2, count: 1), on: follower)
        #expect(served == [])
        peer.say(.cancel(file.root, first: 1, count: 1), on: follower)
        #expect(
            served == [.serveNothing(follower, first: 1, .cancelled), .serveNothing(follower, first: 2, .cancelled)])
    }

    @Test("When the pieces will not come any more, that is said within a sweep")
    func ended() {
        ask(1)
        peer.feed(.pause(peer.newRequest(), file.name))
        #expect(served == [])
        peer.pass(.milliseconds(300))
        #expect(served == [.serveNothing(follower, first: 1, .gone)])
    }

    @Test("While this peer is out of the forest, what it lacks is called off, and what it has is served")
    func outOfForest() {
        bring(1)
        ask(1)
        #expect(served == [])
        peer.machine.downloads[peer.download]?.plan.branches.leave(now: peer.now)
        ask(0)
        #expect(served == [.serveNothing(follower, first: 1, .cancelled), serve(0)])
    }

    @Test("What waits makes way for another file's chunks")
    func otherFile() throws {
        let shared = try TestFile("shared.bin", pieces: 2)
        peer.feed(.indexed(shared.shared))
        peer.take()
        ask(1)
        #expect(served == [])
        peer.say(.chunk(shared.root, first: 0, count: 1), on: follower)
        #expect(
            served == [
                .serveNothing(follower, first: 1, .cancelled),
                .serve(follower, .shared(shared.name), shared.root, 0..<1),
            ])
    }

    @Test("Who is in no forest lets nobody wait")
    func loose() {
        peer.machine.downloads[peer.download]?.plan.isInOrder = true
        peer.pass(.milliseconds(300))
        ask(1)
        #expect(served == [.serveNothing(follower, first: 1, .cancelled)])
    }

    @Test("Who was never told that the file is fetched here does not wait")
    func stranger() {
        peer.delta(joined: [3])
        let stranger = peer.accept(3)
        peer.take()
        peer.say(.chunk(file.root, first: 1, count: 1), on: stranger)
        #expect(served == [.serveNothing(stranger, first: 1, .gone)])
    }

    @Test("What waits counts among the chunks of its connection")
    func most() {
        for _ in 0..<WireLimits.chunksWaitingMax { ask(1) }
        #expect(peer.closed[follower] == nil)
        ask(1)
        #expect(peer.closed[follower] != nil)
    }
}
