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

    // MARK: With their directory

    /// A tree that is fetched, the first of its small files in the share already.
    private func growing(_ tree: TestTree) -> (RequestID, ConnectionID) {
        let (request, connections) = peer.grow(tree, from: [1])
        peer.bring(tree.small[0], of: tree, on: connections[0])
        peer.stage([tree.small[0]], on: connections[0])
        peer.pass(.seconds(2))
        peer.publish(tree, [tree.small[0]])
        return (request, connections[0])
    }

    @Test("A directory's priority is that of its large files, too")
    func priority() throws {
        let tree = try TestTree(large: 2)
        _ = peer.grow(tree, from: [1])
        peer.feed(.prioritize(peer.newRequest(), tree.name, 7))
        #expect(peer.statuses.map(\.priority) == [7, 7, 7])
    }

    @Test("A large file that is stopped with its directory, for which there is no room, waits for what that waits for")
    func noRoom() throws {
        let tree = try TestTree(small: 2, large: 1)
        let (_, connection) = growing(tree)
        peer.bring(tree.small[1], of: tree, on: connection)
        peer.stage(
            [tree.small[1]], on: connection,
            .failed(DiskFailure(message: "full", code: 28, isOutOfSpace: true)))
        let states = peer.statuses.map(\.state)
        #expect(states.count == 2)
        for state in states {
            guard case .paused(.space) = state else {
                Issue.record("\(state)")
                continue
            }
        }
        peer.feed(.pause(peer.newRequest(), tree.name))
        #expect(peer.statuses.map(\.state) == [.paused(.user), .paused(.user)])
    }

    private let full = DiskFailure(
        message: "full", code: 28, isOutOfSpace: true, missingBytes: 1 << 20, neededBytes: 3 << 20)

    @Test("A large file that finds no room pauses its directory, which waits for all that it needs and then goes on")
    func largeFindsNoRoom() throws {
        let tree = try TestTree(small: 1, large: 2)
        let (request, connection) = growing(tree)
        let child = try #require(files.first)
        peer.take()
        peer.feed(.pieceStored(child.id, index: 0, from: connection, .failed(full)))
        guard case .full? = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        let needed = tree.large.reduce(0) { $0 + tree.roots[$1].length }
        let paused = DownloadActivity.paused(.space(missing: needed - (2 << 20), needed: needed))
        #expect(peer.statuses.map(\.state) == [paused, paused, paused])
        let isQuiet = peer.machine.isQuiet
        #expect(isQuiet)
        peer.feed(.spaceChecked(peer.treeDownload, missing: nil))
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: tree.large)))
        #expect(peer.statuses.allSatisfy { $0.state == .fetching || $0.state == .waiting })
    }

    @Test("A directory that waits for room is looked at again when a file of it has come another way")
    func needsLess() throws {
        let tree = try TestTree(small: 2, large: 1)
        let (_, connection) = growing(tree)
        let child = try #require(files.first)
        peer.feed(.pieceStored(child.id, index: 0, from: connection, .failed(full)))
        let waiter = peer.newRequest()
        peer.feed(.wait(waiter, child.name, isTree: false))
        #expect(peer.failure(of: waiter) == nil)
        peer.take()
        peer.feed(.indexed(tree.shared(tree.small[1])))
        #expect(peer.effects.contains { if case .readManifest = $0 { true } else { false } })
    }

    @Test("One that a client asked for by itself waits for its own room, beside its directory")
    func ownLargeFindsNoRoom() throws {
        let tree = try TestTree(small: 1, large: 1)
        let (_, connection) = growing(tree)
        let child = try #require(files.first)
        let own = peer.newRequest()
        peer.feed(.wish(own, FetchWish(name: child.name, timeout: .seconds(30), background: true)))
        peer.feed(.pieceStored(child.id, index: 0, from: connection, .failed(full)))
        #expect(files.map(\.state) == [.paused(.space(missing: 1 << 20, needed: 3 << 20))])
        let room = peer.statuses.first { $0.kind == .tree }?.state
        guard case .paused(.space)? = room else {
            Issue.record("\(String(describing: room))")
            return
        }
    }

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

    @Test("A tree that nobody has any more gives way to its new version, whatever has come of it")
    func outdatedTree() throws {
        let (old, new) = (try TestTree(small: 2), try TestTree(small: 3))
        let (request, connections) = peer.grow(old, from: [1])
        peer.bring(0, of: old, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.pass(.seconds(2))
        peer.publish(old, [0])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.delta(joined: [2], left: [1])
        let connection = peer.connect(2)
        peer.have(new, on: connection)
        #expect(peer.statuses.map(\.state) == [.waiting])
        peer.wish(new)
        peer.have(new, on: connection)
        #expect(peer.statuses.map(\.root) == [new.root])
        #expect(peer.failure(of: request) == .outdated(old.root, have: 4096, length: 8192))
    }

    // MARK: Who asked for what

    /// Ends that are told to people, by name, and whether each was only a directory's file.
    private var ends: [ShareName: Bool] {
        var ends: [ShareName: Bool] = [:]
        for effect in peer.effects {
            switch effect {
            case .note(.downloadFinished(let download, _)), .note(.downloadFailed(let download, _)):
                ends[download.name] = download.isMember
            default: break
            }
        }
        return ends
    }

    @Test("A file that comes with its directory is told as the directory's, unless a client asked for it by itself too")
    func askedFor() throws {
        let tree = try TestTree(large: 2)
        _ = peer.grow(tree, from: [1])
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: tree.manifest.name(at: 1), timeout: .seconds(30))))
        for file in files {
            peer.feed(.indexed(SharedFile(name: file.name, root: file.root, modified: 0, layer: [.zero, .zero])))
        }
        #expect(
            ends == [tree.manifest.name(at: 0): true, tree.manifest.name(at: 1): false, tree.name: false])
    }

    @Test("What goes with a directory that is given up is told as the directory's still")
    func goesWithTree() throws {
        let tree = try TestTree(large: 1)
        _ = peer.grow(tree, from: [1])
        cancel(tree.name)
        #expect(ends == [tree.manifest.name(at: 0): true, tree.name: false])
    }

    // MARK: What goes with a tree

    private func cancel(_ name: ShareName, keepData: Bool = false) {
        peer.feed(.cancel(RequestID(rawValue: 999), name, keepData: keepData))
    }

    /// Another run of the daemon, with what was recorded.
    private func restart() -> Harness {
        var records: [DownloadID: DownloadEntry] = [:]
        for effect in peer.effects {
            if case .keep(let entry) = effect { records[entry.id] = entry }
            if case .forget(let id) = effect { records[id] = nil }
        }
        let next = Harness()
        for entry in records.values.sorted(by: { $0.id.rawValue < $1.id.rawValue }) {
            let count = PieceLayout(length: entry.root.length)?.pieceCount ?? 0
            next.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: count))))
        }
        return next
    }

    @Test(
        "What was kept of a tree's files goes with it when it is cancelled, also after a restart",
        arguments: [false, true])
    func keptMembers(_ isRestarted: Bool) throws {
        let tree = try TestTree(large: 2)
        _ = peer.grow(tree, from: [1])
        cancel(tree.name, keepData: true)
        #expect(files.map(\.state) == [.paused(.user), .paused(.user)])
        let ids = files.map(\.id)
        let harness = isRestarted ? restart() : peer
        harness.feed(.cancel(RequestID(rawValue: 998), tree.name, keepData: false))
        #expect(harness.statuses.isEmpty)
        for (id, root) in zip(ids, tree.roots) {
            #expect(harness.effects.contains(.forget(id)))
            #expect(harness.effects.contains(.discardPartial(id, root)))
        }
    }

    @Test("A file that a client asked for by itself, before its tree or after, goes on when the tree is cancelled")
    func ownMembers() throws {
        let tree = try TestTree(large: 3)
        restore(tree.manifest.name(at: 0), tree.roots[0], .running)
        _ = peer.grow(tree, from: [1])
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: tree.manifest.name(at: 1), timeout: .seconds(30), background: true)))
        cancel(tree.name)
        #expect(Set(files.map(\.name)) == [tree.manifest.name(at: 0), tree.manifest.name(at: 1)])
        #expect(files.allSatisfy { [.fetching, .waiting].contains($0.state) })
        // The first was recorded in an earlier run.
        #expect(restart().statuses.map(\.name) == [tree.manifest.name(at: 1)])
    }

    @Test("A large file is noted as the tree's, unless a client asked for it by itself")
    func noted() throws {
        let tree = try TestTree(large: 2)
        _ = peer.grow(tree, from: [1])
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: tree.manifest.name(at: 1), timeout: .seconds(30))))
        let children = files
        for (index, child) in children.enumerated() {
            peer.feed(.delivered(child.id, .done(tree.shared(index), backup: nil)))
        }
        #expect(peer.effects.contains(.keepLarge(peer.treeDownload, tree.shared(0))))
        #expect(!peer.effects.contains(.keepLarge(peer.treeDownload, tree.shared(1))))
    }

    @Test("Whoever waits for a tree's file hears that the tree was paused")
    func waiterOfPaused() throws {
        let tree = try TestTree(large: 1)
        _ = peer.grow(tree, from: [1])
        let waiter = peer.newRequest()
        peer.feed(.wait(waiter, tree.manifest.name(at: 0), isTree: false))
        peer.feed(.pause(RequestID(rawValue: 99), tree.name))
        #expect(peer.failure(of: waiter) == .paused)
    }

    @Test("One file of a tree that runs is not paused, which is said; its tree is, and all downloads together are")
    func pausedMember() throws {
        let tree = try TestTree(large: 2)
        _ = peer.grow(tree, from: [1])
        let request = peer.newRequest()
        peer.feed(.pause(request, tree.manifest.name(at: 0)))
        #expect(peer.failure(of: request) == .partOfTree(tree.name))
        #expect(peer.statuses.map(\.state) == [.fetching, .fetching, .fetching])
        peer.feed(.pause(peer.newRequest(), nil))
        #expect(peer.statuses.map(\.state) == [.paused(.user), .paused(.user), .paused(.user)])
        // Stopped with its tree, it may go on by itself, and be paused then.
        let name = tree.manifest.name(at: 0)
        peer.feed(.resume(peer.newRequest(), name))
        #expect(files.map(\.state) == [.fetching, .paused(.user)])
        peer.feed(.pause(peer.newRequest(), name))
        #expect(files.map(\.state) == [.paused(.user), .paused(.user)])
    }

    @Test("A file of a tree that is given up by itself does not keep the tree from ending, though what came is kept")
    func memberGivenUp() throws {
        let tree = try TestTree(large: 1)
        let (request, _) = peer.grow(tree, from: [1])
        cancel(tree.manifest.name(at: 0), keepData: true)
        #expect(peer.result(of: request)?.files?.failed.map(\.failure) == [.cancelled])
        #expect(files.map(\.state) == [.failed(.cancelled)])
    }

    @Test("A tree's new version goes on with what came of the files of the one before, and leaves none over")
    func newVersion() throws {
        let (old, new) = (try TestTree(large: 3), try TestTree(large: 2))
        let (_, connections) = peer.grow(old, from: [1])
        cancel(old.name, keepData: true)
        let ids = files.map(\.id)
        let request = peer.wish(new)
        peer.have(new, on: connections[0])
        peer.feed(.manifestRead(peer.treeDownload, .read(new.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, new.found(missing: new.large)))
        #expect(files.map(\.id) == ids)
        for index in new.large { peer.feed(.indexed(new.shared(index))) }
        #expect(peer.result(of: request)?.files?.fetched == 2)
        #expect(peer.statuses.isEmpty)
    }
}
