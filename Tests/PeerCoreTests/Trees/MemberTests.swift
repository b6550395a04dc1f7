import Content
import Testing
import Wire

@testable import PeerCore

/// Large files of a tree, and the downloads of them that are there already or left over.
@Suite struct MemberTests {
    private let peer = Harness()
    private let other = FileRoot(digest: Digest(bytes: [UInt8](repeating: 9, count: 32)) ?? .zero, length: 3 << 20)

    /// A download of an earlier run of the daemon.
    private func restore(
        _ name: ShareName, _ root: FileRoot, _ state: DownloadEntry.State, id: UInt64 = 90, turn: UInt64 = 77
    ) {
        let entry = DownloadEntry(
            id: DownloadID(rawValue: id), name: name, root: root, modified: 0, replacing: false, keepsBackup: true,
            sync: true, priority: 0, state: state, turn: turn)
        let count = PieceLayout(length: root.length)?.pieceCount ?? 0
        peer.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: count))))
    }

    private var files: [DownloadStatus] { peer.statuses.filter { $0.kind == .file } }

    // MARK: Other versions

    @Test(
        "A download of another version that failed, or that its user gave up, gives way to a tree's file",
        arguments: [FetchFailure.outdated(.empty, have: 5), .recorded("gone", kind: "gone"), .cancelled])
    func failedGivesWay(_ failure: FetchFailure) throws {
        let tree = try TestTree(large: 1)
        restore(tree.manifest.name(at: 0), other, .failed(failure))
        let (request, _) = peer.grow(tree, from: [1])
        #expect(files.map(\.root) == [tree.roots[0]])
        #expect(peer.effects.contains(.forget(DownloadID(rawValue: 90))))
        #expect(peer.failure(of: request) == nil)
    }

    @Test("One that nobody has and nobody waits for gives way, too; one that somebody waits for does not")
    func forsakenGivesWay() throws {
        let tree = try TestTree(large: 2)
        peer.join([])
        for (number, name) in (0..<2).map({ ($0, tree.manifest.name(at: $0)) }) {
            restore(name, other, .running, id: 90 + UInt64(number), turn: 70 + UInt64(number))
        }
        let waiter = peer.newRequest()
        peer.feed(.wait(waiter, tree.manifest.name(at: 1), isTree: false))
        peer.pass(.seconds(5))
        #expect(files.map(\.state) == [.waiting, .waiting])
        peer.delta(joined: [1])
        let connection = peer.connect(1)
        while let question = peer.asked[connection]?.last, question.query == .root(other) {
            peer.notHave(on: connection)
        }
        let request = peer.wish(tree)
        peer.have(tree, on: connection)
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: tree.large)))
        #expect(Set(files.map(\.root)) == [tree.roots[0], other])
        #expect(peer.failure(of: request) == nil)
        peer.feed(.indexed(SharedFile(name: files[0].name, root: tree.roots[0], modified: 0, layer: [.zero, .zero])))
        peer.feed(.indexed(tree.shared(0)))
        let failed = peer.result(of: request)?.files?.failed.map(\.failure)
        #expect(failed == [.otherVersionRunning(other)])
    }

    @Test("A file that nobody has any more as its directory lists it fails, and does not say that it goes on by itself")
    func outdated() throws {
        let tree = try TestTree(large: 1)
        let (request, connections) = peer.grow(tree, from: [1])
        peer.say(.noHashes(tree.roots[0]), on: connections[0])
        for _ in 0..<12 {
            peer.pass(.seconds(1))
            while peer.asked[connections[0]]?.last?.query == .root(tree.roots[0]) { peer.notHave(on: connections[0]) }
        }
        let failures = peer.result(of: request)?.files?.failed.map(\.failure)
        #expect(failures == [.outdated(tree.roots[0], have: 0)])
    }
}
