import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct ServingTests {
    private let peer = Harness()
    private let file: TestFile
    private let connection: ConnectionID

    init() throws {
        file = try TestFile("models/a.bin", pieces: 100)
        peer.feed(.indexed(file.shared))
        peer.feed(.indexing(false))
        connection = peer.accept(1)
        peer.take()
    }

    @Test("A file is found by its name, by its root and by its digest")
    func found() throws {
        let queries: [FileQuery] = [.name(file.name), .root(file.root), .digest(file.root.digest)]
        for (number, query) in queries.enumerated() {
            peer.say(.req(request: UInt32(number), query), on: connection)
            #expect(peer.sent(on: connection).last == file.offer().map { .have(request: UInt32(number), $0) })
        }
    }

    @Test("What is not here is said not to be, or perhaps not yet while the share is indexed")
    func notFound() {
        let query = FileQuery.root(FileRoot(digest: file.root.digest, length: 1))
        peer.say(.req(request: 1, query), on: connection)
        #expect(peer.sent(on: connection).last == .notHave(request: 1, .unknown))
        peer.feed(.indexing(true))
        peer.say(.req(request: 2, query), on: connection)
        #expect(peer.sent(on: connection).last == .notHave(request: 2, .indexing))
    }

    @Test("A file that was withdrawn is not offered any more")
    func withdrawn() {
        peer.feed(.withdrawn(file.name))
        peer.say(.req(request: 1, .name(file.name)), on: connection)
        #expect(peer.sent(on: connection).last == .notHave(request: 1, .unknown))
        #expect(peer.offered.count == 0 && peer.offered.bytes == 0)
    }

    @Test("Of a file that is being indexed it is said that it may come, of others that they are not here")
    func settling() throws {
        peer.feed(.settling(file.name))
        peer.say(.req(request: 1, .name(file.name)), on: connection)
        peer.say(.req(request: 2, .name(try ShareName("other"))), on: connection)
        #expect(peer.sent(on: connection) == [.notHave(request: 1, .indexing), .notHave(request: 2, .unknown)])
        #expect(peer.offered.count == 0)
        peer.feed(.indexed(file.shared))
        peer.say(.req(request: 3, .name(file.name)), on: connection)
        #expect(peer.sent(on: connection).last == file.offer().map { .have(request: 3, $0) })
    }

    @Test("A chunk is served by the name that the file has here")
    func chunk() {
        peer.say(.chunk(file.root, first: 3, count: 5), on: connection)
        #expect(peer.take() == [.serve(connection, .shared(file.name), file.root, 3..<8)])
    }

    @Test("A chunk of an unknown root is answered in its turn with nothing")
    func unknownRoot() throws {
        let unknown = try TestFile(pieces: 4, version: 9)
        peer.say(.chunk(unknown.root, first: 2, count: 1), on: connection)
        #expect(peer.take() == [.serveNothing(connection, first: 2, .gone)])
    }

    @Test("A cancelled chunk is stopped")
    func cancel() {
        peer.say(.chunk(file.root, first: 3, count: 5), on: connection)
        peer.take()
        peer.say(.cancel(file.root, first: 3, count: 5), on: connection)
        #expect(peer.take() == [.stopServing(connection, file.root, first: 3)])
    }

    @Test("More chunks waiting than the limit break the protocol; those that were served do not count")
    func chunksWaiting() {
        for _ in 0..<200 {
            peer.say(.chunk(file.root, first: 0, count: 1), on: connection)
            peer.feed(.chunkServed(connection))
        }
        for _ in 0..<WireLimits.chunksWaitingMax { peer.say(.chunk(file.root, first: 0, count: 1), on: connection) }
        #expect(peer.closed[connection] == nil)
        peer.say(.chunk(file.root, first: 0, count: 1), on: connection)
        #expect(peer.closed[connection] != nil)
    }

    @Test("Chunks of unknown roots wait like others, and are limited like them")
    func unknownChunksWaiting() throws {
        let unknown = try TestFile(pieces: 4, version: 9)
        for _ in 0...WireLimits.chunksWaitingMax { peer.say(.chunk(unknown.root, first: 0, count: 1), on: connection) }
        #expect(peer.closed[connection] != nil)
    }

    @Test("A page of digests is the part of the layer that was asked for")
    func hashes() {
        peer.say(.hashesRequest(file.root, first: 10, count: 20), on: connection)
        #expect(peer.sent(on: connection) == [.hashes(file.root, first: 10, Array(file.layer[10..<30]))])
    }

    @Test("Digests of an unknown root are said to be gone")
    func hashesGone() throws {
        let unknown = try TestFile(pieces: 4, version: 9)
        peer.say(.hashesRequest(unknown.root, first: 1, count: 2), on: connection)
        #expect(peer.sent(on: connection) == [.noHashes(unknown.root)])
    }
}
