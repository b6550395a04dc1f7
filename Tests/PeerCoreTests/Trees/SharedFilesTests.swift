import Content
import Testing
import Wire

@testable import PeerCore

/// Trees that have files in common, fetched at the same time.
@Suite struct SharedFilesTests {
    private let peer = Harness()

    /// A directory, and one inside it, of the same large files: both surveyed, with what is missing of each.
    /// - Parameter isSurveyed: the second of them, too.
    private func growBoth(
        small: Int = 0, large: Int, innerFirst: Bool = false, isSurveyed: Bool = true
    ) throws -> (trees: [TestTree], ids: [DownloadID], requests: [RequestID], ConnectionID) {
        let outer = try TestTree("ov", small: small, large: large, inside: "in")
        let inner = try TestTree("ov/in", small: small, large: large)
        let trees = innerFirst ? [inner, outer] : [outer, inner]
        peer.join([1])
        let requests = trees.map { peer.wish($0) }
        let connection = peer.connect(1)
        // The harness answers what was asked last.
        for tree in trees.reversed() { peer.have(tree, on: connection) }
        let ids = try trees.map { tree in try #require(peer.statuses.first { $0.name == tree.name }?.id) }
        for (tree, id) in zip(trees, ids) {
            peer.feed(.manifestRead(id, .read(tree.manifest)))
            guard isSurveyed || id == ids[0] else { break }
            peer.feed(.treeSurveyed(id, tree.found(missing: tree.small + tree.large)))
        }
        return (trees, ids, requests, connection)
    }

    private func arrive(_ child: DownloadStatus) {
        peer.feed(.indexed(SharedFile(name: child.name, root: child.root, modified: 0, layer: [.zero, .zero])))
    }

    @Test(
        "Both trees hear of the end of a file that they have in common, whichever came first", arguments: [false, true])
    func both(_ innerFirst: Bool) throws {
        let (_, _, requests, _) = try growBoth(large: 2, innerFirst: innerFirst)
        let children = peer.statuses.filter { $0.kind == .file }
        #expect(children.count == 2)
        for child in children { arrive(child) }
        for request in requests { #expect(peer.result(of: request)?.files?.fetched == 2) }
        #expect(peer.statuses.isEmpty)
    }

    @Test("A file in common that cannot be had fails in both trees")
    func bothFail() throws {
        let (_, _, requests, _) = try growBoth(large: 2)
        let children = peer.statuses.filter { $0.kind == .file }
        arrive(children[0])
        peer.feed(.cancel(RequestID(rawValue: 99), children[1].name, keepData: false))
        for request in requests {
            #expect(peer.result(of: request)?.files?.failed.map(\.failure) == [.cancelled])
        }
    }

    @Test(
        "When one tree is paused or cancelled the other keeps the files in common", arguments: [false, true], [0, 1])
    func oneStopped(_ isPaused: Bool, _ stopped: Int) throws {
        let (trees, _, requests, _) = try growBoth(large: 2)
        let request = RequestID(rawValue: 99)
        let name = trees[stopped].name
        peer.feed(isPaused ? .pause(request, name) : .cancel(request, name, keepData: false))
        let children = peer.statuses.filter { $0.kind == .file }
        #expect(children.map(\.state) == [.fetching, .fetching])
        for child in children { arrive(child) }
        #expect(peer.result(of: requests[1 - stopped])?.files?.fetched == 2)
    }

    @Test("What has come by another tree while a tree was surveyed is not fetched again")
    func hasCome() throws {
        let (trees, ids, requests, _) = try growBoth(large: 1, isSurveyed: false)
        arrive(try #require(peer.statuses.first { $0.kind == .file }))
        #expect(peer.result(of: requests[0])?.files?.fetched == 1)
        peer.feed(.treeSurveyed(ids[1], trees[1].found(missing: trees[1].large)))
        // Looked at once more, since the other tree may have another mode for it.
        #expect(peer.result(of: requests[1]) == nil)
        peer.feed(.manifestRead(ids[1], .read(trees[1].manifest)))
        peer.feed(.treeSurveyed(ids[1], trees[1].found(missing: [])))
        #expect(peer.result(of: requests[1])?.files?.already == 1)
        #expect(peer.statuses.isEmpty)
    }

    @Test("A file that was missing when it was looked for is fetched, though it was known to be here before")
    func known() throws {
        let tree = try TestTree(large: 1)
        peer.feed(.indexed(tree.shared(0)))
        let (request, _) = peer.grow(tree, from: [1])
        #expect(peer.statuses.count == 2)
        #expect(peer.result(of: request) == nil)
    }

    @Test("A small file that one tree has put into the share ends the download that another has of it")
    func smallAsChild() throws {
        let (trees, ids, _, connection) = try growBoth(small: 1, large: 1)
        // The holder has it no more for the second tree, which looks for it elsewhere.
        let chunks = peer.machine.sessions[connection]?.chunks.map(\.download) ?? []
        #expect(chunks == ids)
        peer.bring(trees[0].small[0], of: trees[0], on: connection)
        peer.say(.endOfChunk(first: 0, .gone), on: connection)
        let name = trees[1].manifest.name(at: trees[1].small[0])
        #expect(peer.statuses.contains { $0.name == name })
        let staged = StagedFile(index: trees[0].small[0], connection: connection, outcome: .stored)
        peer.feed(.filesStaged(ids[0], [staged]))
        peer.pass(.milliseconds(300))
        let file = PublishedFile(index: staged.index, delivery: .done(trees[0].shared(staged.index), backup: nil))
        peer.feed(.filesPublished(ids[0], [file]))
        #expect(!peer.statuses.contains { $0.name == name })
    }
}
