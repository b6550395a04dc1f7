import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct TreeTests {
    private let peer = Harness()

    // MARK: From the wish to the survey

    @Test("A directory is asked for by name, its manifest fetched like a file, read, and surveyed")
    func manifest() throws {
        let tree = try TestTree(small: 3)
        peer.join([1])
        peer.wish(tree)
        let connection = peer.connect(1)
        #expect(peer.asked[connection]?.last?.query == .tree(tree.name))
        peer.have(tree, on: connection)
        peer.feed(.manifestRead(peer.treeDownload, .missing))
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        #expect(peer.chunks[connection] == [0..<1])
        peer.deliverManifest(tree, on: connection)
        #expect(peer.effects.filter { if case .readManifest = $0 { true } else { false } }.count == 2)
        #expect(!peer.isDelivering())
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        #expect(peer.effects.contains { if case .surveyTree(_, tree.manifest) = $0 { true } else { false } })
    }

    @Test("A manifest that is kept from before is not fetched")
    func keptManifest() throws {
        let tree = try TestTree(small: 3)
        let (_, connections) = peer.grow(tree, from: [1])
        #expect(peer.roots(on: connections[0]) == tree.roots)
    }

    @Test(
        "Bytes that lead to the root and are no manifest fail the request, with the reason, and close who offered them")
    func refusedManifest() throws {
        let tree = try TestTree(small: 3)
        let (request, connection) = peer.beginList(tree)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        peer.deliverManifest(tree, on: connection)
        peer.feed(.manifestRead(peer.treeDownload, .refused("../a: the name has a part `.` or `..`")))
        #expect(peer.failure(of: request) == .badManifest("../a: the name has a part `.` or `..`"))
        #expect(peer.statuses.isEmpty)
        #expect(peer.closed[connection]?.contains("../a") == true)
    }

    @Test("An offer of a manifest longer than any may be is a violation")
    func tooLong() throws {
        let tree = try TestTree(small: 1)
        peer.join([1])
        peer.wish(tree)
        let connection = peer.connect(1)
        let number = try #require(peer.asked[connection]?.last?.number)
        let root = FileRoot(digest: tree.root.digest, length: UInt64(ManifestLimits.bytesMax) + 1)
        let offer = try #require(FileOffer(root: root, modified: 0, name: tree.name, holding: .tree(length: 1)))
        peer.say(.have(request: number, offer), on: connection)
        #expect(peer.closed[connection]?.contains("list of") == true)
    }

    @Test("A file that is offered where a directory was asked for, and the other way round, is a violation")
    func otherKind() throws {
        let tree = try TestTree(small: 1)
        peer.join([1, 2])
        peer.wish(tree)
        let connections = [peer.connect(1), peer.connect(2)]
        let number = try #require(peer.asked[connections[0]]?.last?.number)
        let file = try #require(FileOffer(root: tree.root, modified: 0, name: tree.name))
        peer.say(.have(request: number, file), on: connections[0])
        #expect(peer.closed[connections[0]]?.contains("offer of a file") == true)
        let wish = peer.newRequest()
        peer.feed(.wish(wish, FetchWish(name: tree.name, timeout: .seconds(30))))
        peer.feed(.inspected(wish, .absent))
        let next = try #require(peer.asked[connections[1]]?.last?.number)
        peer.say(.have(request: next, try #require(tree.offer(modified: 0))), on: connections[1])
        #expect(peer.closed[connections[1]]?.contains("offer of a directory") == true)
    }

    @Test("What a directory has is told as its holders say, before its list has come; who cannot offer it is told too")
    func told() throws {
        let tree = try TestTree(small: 3)
        // Of one type with what it is compared with: Swift 6.3 compares an optional with an Int as `AnyHashable`, and
        // reads past its end.
        let length: UInt64 = 3 * 4096
        peer.join([1, 2])
        let survey = peer.newRequest()
        peer.feed(.survey(survey, tree.name, isTree: true))
        peer.feed(.inspected(survey, .absent))
        let connections = [peer.connect(1), peer.connect(2)]
        peer.have(tree, on: connections[0])
        let number = try #require(peer.takeQuestion(on: connections[1]))
        peer.say(.notHave(request: number, .unfit), on: connections[1])
        let reports = peer.effects.compactMap { if case .surveyed(survey, let survey) = $0 { survey } else { nil } }
        #expect(reports.first?.versions.map(\.length) == [length])
        #expect(reports.first?.versions.first?.holders.map(\.have) == [length])
        #expect(reports.first?.unfit.count == 1)
        let request = peer.wish(tree)
        peer.have(tree, on: connections[0])
        let again = try #require(peer.takeQuestion(on: connections[1]))
        peer.say(.notHave(request: again, .unfit), on: connections[1])
        let found = peer.effects.compactMap { if case .found(request, let found) = $0 { found } else { nil } }
        #expect(found.map(\.length) == [length])
        #expect(peer.statuses.first?.length == length)
    }

    @Test("Who asks for a directory that is here, and that cannot be offered, is told that it is here")
    func ownUnfit() throws {
        let tree = try TestTree(small: 3)
        peer.join([1])
        let request = peer.newRequest()
        peer.feed(.wish(request, FetchWish(name: tree.name, tree: true, timeout: .seconds(30))))
        peer.feed(.manifestMade(tree.name, .unfit("two names that only case tells apart")))
        peer.feed(.inspected(request, .absent))
        peer.notHave(on: peer.connect(1))
        #expect(peer.failure(of: request) == .nobody(asked: 1, unfit: [.number(0)]))
    }

    @Test("What is here of a directory does not pass for what somebody has and cannot offer")
    func partOfUnfit() throws {
        let tree = try TestTree(small: 3)
        peer.join([1])
        let request = peer.wish(tree, local: .tree(LocalVersion(root: tree.root, length: 4096)))
        let connection = peer.connect(1)
        let number = try #require(peer.takeQuestion(on: connection))
        peer.say(.notHave(request: number, .unfit), on: connection)
        #expect(peer.result(of: request) == nil)
        #expect(peer.failure(of: request) == .nobody(asked: 1, unfit: [.number(1)]))
    }

    @Test("A directory is not fetched while a file of its name is in the list of downloads, nor the other way round")
    func fileOfItsName() throws {
        let (tree, file) = (try TestTree(small: 3), try TestFile("tree", pieces: 2))
        let (_, connections) = peer.fetch(file, from: [1])
        let request = peer.wish(tree)
        peer.have(tree, on: connections[0])
        #expect(peer.failure(of: request) == .occupied("a file that is in the list of downloads"))
    }

    @Test("Of several versions the one that is listed goes on when the directory is asked for again")
    func listedVersion() throws {
        let (tree, other) = (try TestTree(small: 2), try TestTree(small: 3))
        let (request, connections) = peer.grow(tree, from: [1, 2], missing: [], obstacles: [(0, .occupied("a pipe"))])
        #expect(peer.result(of: request)?.files?.failedFiles == 1)
        peer.take()
        let again = peer.wish(tree)
        peer.have(tree, on: connections[0])
        peer.have(other, on: connections[1])
        #expect(peer.failure(of: again) == nil)
        #expect(
            peer.effects.contains { if case .readManifest(let entry) = $0 { entry.root == tree.root } else { false } })
    }

    @Test("A list that does not lead to its root is refused, with the reason, and who sent it is closed")
    func wrongList() throws {
        let tree = try TestTree(small: 3)
        let (_, connection) = peer.beginList(tree)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        peer.deliverManifest(tree, on: connection, .wrong)
        #expect(peer.sent(on: connection).types.last == .refused)
        #expect(peer.closed[connection]?.contains("is refused") == true)
    }

    @Test("Holders of different versions are a conflict; with a root the others are passed over")
    func versions() throws {
        let (tree, other) = (try TestTree(small: 3), try TestTree(small: 4))
        peer.join([1, 2])
        let request = peer.wish(tree)
        let connections = [peer.connect(1), peer.connect(2)]
        peer.have(tree, on: connections[0])
        peer.have(other, on: connections[1])
        guard case .conflict(let versions) = peer.failure(of: request) else {
            Issue.record("no conflict")
            return
        }
        #expect(Set(versions.map(\.root)) == [tree.root, other.root])
        let second = peer.wish(tree, digest: tree.root.digest)
        peer.have(other, on: connections[1])
        peer.have(tree, on: connections[0])
        #expect(peer.failure(of: second) == nil)
        #expect(peer.statuses.map(\.root) == [tree.root])
        #expect(peer.closed.isEmpty)
    }

    @Test("A directory that is here is surveyed whatever version it is; one that nobody else has is here")
    func local() throws {
        let (tree, other) = (try TestTree(small: 3), try TestTree(small: 4))
        peer.join([1])
        let request = peer.wish(tree, local: .file(tree.root))
        let connection = peer.connect(1)
        peer.have(tree, on: connection)
        #expect(peer.failure(of: request) == nil)
        #expect(peer.statuses.count == 1)
        peer.feed(.cancel(RequestID(rawValue: 99), tree.name, keepData: false))
        let second = peer.wish(tree, local: .file(other.root))
        peer.notHave(on: connection)
        #expect(peer.result(of: second)?.already == true)
        #expect(peer.result(of: second)?.root == other.root)
    }

    // MARK: Small files

    @Test("Small files are asked for together, received, staged, and published together")
    func smallFiles() throws {
        let tree = try TestTree(small: 5, empty: 2)
        let (request, connections) = peer.grow(tree, from: [1])
        for file in tree.small { peer.bring(file, of: tree, on: connections[0]) }
        #expect(peer.published.isEmpty)
        peer.stage(tree.small, on: connections[0])
        #expect(peer.published.map { Set($0) } == [Set(tree.small + tree.empty)])
        peer.publish(tree, tree.small + tree.empty)
        let result = try #require(peer.result(of: request))
        let files = TreeResult(
            length: tree.manifest.length, total: 7, fetched: 7, already: 0, failed: [], failedFiles: 0,
            failedDirectories: 0)
        #expect(result.files == files)
        #expect(!result.already)
        #expect(peer.statuses.isEmpty)
        #expect(peer.offered.count == 7)
        #expect(peer.effects.contains(.closeTree(peer.treeDownload, [])))
        #expect(peer.effects.contains(.forget(peer.treeDownload)))
    }

    @Test("A tree of which all is here is done after the survey")
    func nothingMissing() throws {
        let tree = try TestTree(small: 5)
        let (request, _) = peer.grow(tree, from: [1], missing: [])
        let result = try #require(peer.result(of: request))
        #expect(result.already)
        #expect(result.files?.already == 5)
        // Nothing was fetched: programs that do something with what was are not run.
        #expect(!peer.effects.contains { if case .note(.downloadFinished) = $0 { true } else { false } })
    }

    @Test("Where not even its list finds room, a tree waits for room for all its files")
    func noRoomForList() throws {
        let tree = try TestTree(small: 9)
        _ = peer.beginList(tree)
        let full = DiskFailure(message: "full", code: 28, isOutOfSpace: true, missingBytes: 500, neededBytes: 4096)
        peer.feed(
            .wish(peer.newRequest(), FetchWish(name: tree.name, tree: true, timeout: .seconds(9), background: true)))
        peer.feed(.partialFailed(peer.download, full))
        let (needed, missing) = (tree.manifest.length, tree.manifest.length - 4096 + 500)
        #expect(peer.statuses.first?.state == .paused(.space(missing: missing, needed: needed)))
    }

    @Test("A tree whose directories were made just now was not here already, though no file of it was missing")
    func madeDirectories() throws {
        let tree = try TestTree(small: 0)
        let (request, _) = peer.grow(tree, from: [1], made: 1)
        let result = try #require(peer.result(of: request))
        #expect(result.files?.total == 0 && result.files?.isWhole == true)
        #expect(!result.already)
    }

    @Test("What stands in the way is told file by file, and the rest is fetched")
    func obstacles() throws {
        let tree = try TestTree(small: 3)
        let failure = FetchFailure.exists(local: .empty, offered: nil)
        let (request, connections) = peer.grow(tree, from: [1], missing: [1, 2], obstacles: [(0, failure)])
        for file in [1, 2] { peer.bring(file, of: tree, on: connections[0]) }
        peer.stage([1, 2], on: connections[0])
        peer.publish(tree, [1, 2])
        let files = try #require(peer.result(of: request)?.files)
        #expect(files.failed == [TreeFailure(name: tree.manifest.name(at: 0), failure: failure)])
        #expect((files.fetched, files.failedFiles, files.total) == (2, 1, 3))
    }

    @Test("Two holders share the files, and what one had goes to the other when it is gone")
    func twoHolders() throws {
        let tree = try TestTree(small: 64)
        let (request, connections) = peer.grow(tree, from: [1, 2])
        #expect(connections.map { peer.roots(on: $0).count } == [32, 32])
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.feed(.closed(connections[0], reason: "reset"))
        var brought = 0
        while brought < 63, let root = peer.roots(on: connections[1]).dropFirst(brought).first {
            peer.bring(try #require(tree.roots.firstIndex(of: root)), of: tree, on: connections[1])
            brought += 1
        }
        peer.stage(Array(1..<64), on: connections[1])
        peer.publish(tree, try #require(peer.published.last))
        #expect(peer.result(of: request)?.files?.fetched == 64)
    }

    @Test("A second copy that was not written beside the first takes nothing from it; one that was is removed")
    func copies() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1])
        for file in tree.small { peer.bring(file, of: tree, on: connections[0]) }
        peer.stage([0], on: connections[0])
        peer.stage([0], on: connections[0], .superfluous)
        #expect(peer.discarded.isEmpty)
        peer.stage([1], on: connections[0])
        #expect(peer.published == [[0, 1]])
        peer.stage([0], on: connections[0])
        #expect(peer.discarded == [[0]])
        peer.publish(tree, tree.small)
        #expect(peer.result(of: request)?.files?.fetched == 2)
    }

    @Test("A file of wrong bytes comes from another; its sender brings the others still")
    func liar() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1, 2])
        peer.bring(0, of: tree, on: connections[0])
        peer.bring(1, of: tree, on: connections[0])
        peer.stage([0], on: connections[0], .wrong)
        #expect(peer.roots(on: connections[1]) == [tree.roots[0]])
        peer.stage([1], on: connections[0])
        peer.bring(0, of: tree, on: connections[1])
        peer.stage([0], on: connections[1])
        peer.publish(tree, try #require(peer.published.last))
        #expect(peer.result(of: request)?.files?.fetched == 2)
        #expect(peer.machine.currentBans.isEmpty && peer.closed.isEmpty)
    }

    @Test("A file that its only holder sends wrong fails alone; with the third the holder is refused, the tree kept")
    func onlyLiar() throws {
        let tree = try TestTree(small: 5)
        let (request, connections) = peer.grow(tree, from: [1])
        for file in 0..<3 {
            peer.bring(file, of: tree, on: connections[0])
            peer.stage([file], on: connections[0], file == 1 ? .wrong : .stored)
        }
        // It is looked for by its root, but not at who has sent it wrong.
        let child = try #require(peer.statuses.first { $0.kind == .file })
        #expect(child.root == tree.roots[1])
        peer.pass(.milliseconds(600))
        #expect(!peer.statuses.contains { $0.kind == .file } && peer.failure(of: request) == nil)
        peer.bring(3, of: tree, on: connections[0])
        peer.stage([3], on: connections[0], .wrong)
        #expect(peer.machine.currentBans.isEmpty)
        peer.bring(4, of: tree, on: connections[0])
        peer.stage([4], on: connections[0], .wrong)
        #expect(peer.machine.currentBans.count == 1 && peer.closed[connections[0]] != nil)
        guard case .integrity(tree.root, _)? = peer.failure(of: request) else {
            Issue.record("\(peer.failure(of: request).debugDescription)")
            return
        }
        // What is there is no version for others, and is gone on with when somebody else has it.
        let status = try #require(peer.statuses.first { $0.kind == .tree })
        guard case .failed = status.state else {
            Issue.record("\(status.state)")
            return
        }
    }

    @Test("Pieces of other lengths than the manifest's are a violation")
    func otherLength() throws {
        let tree = try TestTree(small: 2)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.say(.piece(index: 0, length: 17), on: connections[0])
        #expect(peer.closed[connections[0]]?.contains("17 bytes") == true)
    }

    @Test("A file that a holder has no more is asked of another; one that nobody has is looked for by its root")
    func gone() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1, 2])
        #expect(peer.roots(on: connections[0]).count == 2)
        peer.say(.endOfChunk(first: 0, .gone), on: connections[0])
        #expect(peer.roots(on: connections[1]) == [tree.roots[0]])
        peer.say(.endOfChunk(first: 0, .gone), on: connections[1])
        peer.bring(1, of: tree, on: connections[0])
        peer.stage([1], on: connections[0])
        peer.publish(tree, [1])
        let child = try #require(peer.statuses.last)
        #expect(child.name == tree.manifest.name(at: 0))
        #expect(child.root == tree.roots[0])
        // Both say once more that they do not have it: then it is gone from this version.
        peer.feed(.partialOpened(child.id, PieceSet(pieceCount: 1)))
        for connection in connections where peer.roots(on: connection).last == tree.roots[0] {
            peer.say(.endOfChunk(first: 0, .gone), on: connection)
        }
        for connection in connections where peer.roots(on: connection).filter({ $0 == tree.roots[0] }).count == 1 {
            peer.say(.endOfChunk(first: 0, .gone), on: connection)
        }
        for _ in 0..<12 {
            peer.pass(.milliseconds(250))
            for connection in connections {
                while peer.asked[connection]?.isEmpty == false { peer.notHave(on: connection) }
            }
        }
        let files = try #require(peer.result(of: request)?.files)
        #expect((files.fetched, files.failedFiles) == (1, 1))
        guard case .outdated = files.failed.first?.failure else {
            Issue.record("\(files.failed)")
            return
        }
    }

    @Test("A busy holder is asked again later, and its files go to others meanwhile")
    func busy() throws {
        let tree = try TestTree(small: 2)
        let (_, connections) = peer.grow(tree, from: [1, 2])
        peer.say(.busy(first: 0, retryAfter: 60_000), on: connections[0])
        peer.say(.busy(first: 0, retryAfter: 60_000), on: connections[0])
        #expect(Set(peer.roots(on: connections[1])) == Set(tree.roots))
    }

    @Test("A holder that owes a file and sends nothing is dropped")
    func stalled() throws {
        let tree = try TestTree(small: 2)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.pass(.seconds(6))
        #expect(peer.closed[connections[0]] == "no byte for 5 s")
        #expect(peer.statuses.first?.state == .waiting)
    }

    @Test("Without a holder the request ends when its time is over, and the tree goes on when one comes")
    func waits() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1], timeout: .seconds(3))
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.feed(.closed(connections[0], reason: "reset"))
        peer.pass(.seconds(2))
        peer.publish(tree, [0])
        peer.pass(.seconds(4))
        #expect(peer.failure(of: request) == .gone(tree.root, have: 4096, length: tree.manifest.length))
        #expect(peer.statuses.map(\.state) == [.waiting])
        peer.delta(joined: [2])
        let newcomer = peer.connect(2)
        #expect(peer.asked[newcomer]?.last?.query == .tree(tree.name))
        peer.have(tree, on: newcomer)
        #expect(peer.roots(on: newcomer) == [tree.roots[1]])
    }

    private let diskFull = DiskFailure(message: "full", code: 28, isOutOfSpace: true)

    /// One file comes into the share, and the next finds no room.
    private func fillDisk(after first: Int, before second: Int, of tree: TestTree, on connection: ConnectionID) {
        peer.bring(first, of: tree, on: connection)
        peer.stage([first], on: connection)
        peer.pass(.seconds(2))
        peer.publish(tree, [first])
        peer.bring(second, of: tree, on: connection)
        peer.stage([second], on: connection, .failed(diskFull))
    }

    @Test("A full disk pauses the tree; when there is room it is surveyed anew")
    func full() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1])
        fillDisk(after: 0, before: 1, of: tree, on: connections[0])
        guard case .full = peer.failure(of: request) else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        #expect(peer.effects.contains(.closeTree(peer.treeDownload, [])))
        let id = peer.treeDownload
        peer.take()
        peer.feed(.spaceChecked(id, missing: nil))
        #expect(peer.effects.contains { if case .readManifest = $0 { true } else { false } })
        peer.feed(.manifestRead(id, .read(tree.manifest)))
        peer.feed(.treeSurveyed(id, tree.found(missing: [1])))
        #expect(peer.roots(on: connections[0]) == [tree.roots[1]])
    }

    @Test("What a tree waits for is room for all that is missing, in whole blocks, and what of it lacks is told anew")
    func neededBlocks() throws {
        let tree = try TestTree(small: 3, large: 1)
        let (_, connections) = peer.grow(tree, from: [1], block: 65536)
        fillDisk(after: 0, before: 1, of: tree, on: connections[0])
        let id = peer.treeDownload
        let large = try #require(tree.manifest.length(at: tree.large[0]))
        let needed = 2 * 65536 + DiskBlock(size: 65536).taken(by: large)
        #expect(peer.statuses.first?.state == .paused(.space(missing: needed, needed: needed)))
        peer.feed(.spaceChecked(id, missing: 7))
        #expect(peer.statuses.first?.state == .paused(.space(missing: 7, needed: needed)))
    }

    @Test("No room to give files their names pauses the tree, too, and what has its name already counts")
    func fullAtTheEnd() throws {
        let tree = try TestTree(small: 3)
        let (request, connections) = peer.grow(tree, from: [1])
        for file in 0..<3 { peer.bring(file, of: tree, on: connections[0]) }
        peer.stage([0, 1, 2], on: connections[0])
        let full = PublishedFile(index: 1, delivery: .failed(diskFull))
        peer.feed(
            .filesPublished(
                peer.treeDownload,
                [
                    PublishedFile(index: 0, delivery: .done(tree.shared(0), backup: nil)), full,
                    PublishedFile(index: 2, delivery: .failed(diskFull)),
                ]))
        guard case .full? = peer.failure(of: request), case .paused(.space)? = peer.statuses.first?.state else {
            Issue.record("\(String(describing: peer.failure(of: request)))")
            return
        }
        #expect(peer.statuses.first?.have == tree.roots[0].length)
    }

    @Test("A directory that finds no room again before it has looked at anything still has what it had")
    func fullAgain() throws {
        let tree = try TestTree(small: 2)
        let (_, connections) = peer.grow(tree, from: [1])
        fillDisk(after: 0, before: 1, of: tree, on: connections[0])
        let id = peer.treeDownload
        #expect(peer.statuses.map(\.have) == [4096])
        peer.feed(.spaceChecked(id, missing: nil))
        peer.feed(.manifestRead(id, .read(tree.manifest)))
        peer.feed(.treeFailed(id, diskFull))
        #expect(peer.statuses.map(\.have) == [4096])
        guard case .paused(.space)? = peer.statuses.first?.state else {
            Issue.record("\(peer.statuses)")
            return
        }
    }

    @Test("What could not be made durable has to come again, and is not counted")
    func unsynced() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1])
        for file in tree.small { peer.bring(file, of: tree, on: connections[0]) }
        peer.stage(tree.small, on: connections[0])
        peer.feed(.publishingFailed(peer.treeDownload, DiskFailure(message: "sync", code: 5, isOutOfSpace: false)))
        #expect(peer.failure(of: request) == .disk(DiskFailure(message: "sync", code: 5, isOutOfSpace: false)))
        #expect(peer.offered.count == 0)
        #expect(peer.effects.contains(.closeTree(peer.treeDownload, [])))
    }

    @Test("A tree that is paused before its manifest has come goes on with that when it is resumed")
    func pausedWithoutManifest() throws {
        let tree = try TestTree(small: 3)
        _ = peer.beginList(tree)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        peer.feed(.pause(RequestID(rawValue: 98), tree.name))
        peer.take()
        peer.feed(.resume(RequestID(rawValue: 99), tree.name))
        #expect(!peer.effects.contains { if case .readManifest = $0 { true } else { false } })
        #expect(peer.statuses.map(\.state) == [.fetching])
    }

    @Test("A pause calls off what is under way; resumed, the tree fetches what is missing")
    func paused() throws {
        let tree = try TestTree(small: 3)
        let (request, connections) = peer.grow(tree, from: [1])
        peer.feed(.pause(RequestID(rawValue: 99), tree.name))
        #expect(peer.failure(of: request) == .paused)
        #expect(peer.sent(on: connections[0]).types.filter { $0 == .cancel }.count == 3)
        #expect(peer.statuses.map(\.state) == [.paused(.user)])
        peer.feed(.resume(RequestID(rawValue: 98), tree.name))
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: [2])))
        #expect(peer.roots(on: connections[0]).last == tree.roots[2])
    }

    @Test("What is written when a tree is paused gets its name, and what is there is still told of")
    func pausedWithStaged() throws {
        let tree = try TestTree(small: 3)
        let (_, connections) = peer.grow(tree, from: [1])
        for file in [0, 1] { peer.bring(file, of: tree, on: connections[0]) }
        peer.stage([0, 1], on: connections[0])
        #expect(peer.published.isEmpty)
        peer.feed(.pause(RequestID(rawValue: 99), tree.name))
        #expect(peer.published == [[0, 1]])
        #expect(peer.effects.contains(.closeTree(peer.treeDownload, [])))
        #expect(peer.statuses.map(\.have) == [2 * 4096])
        #expect(peer.statuses.map(\.length) == [3 * 4096])
        peer.publish(tree, [0, 1])
        #expect(peer.offered.count == 2)
    }

    @Test("What was written beside a sync that failed is not given a name")
    func unsyncedWithStaged() throws {
        let tree = try TestTree(small: 3)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.pass(.seconds(2))
        #expect(peer.published == [[0]])
        peer.bring(1, of: tree, on: connections[0])
        peer.stage([1], on: connections[0])
        peer.feed(.publishingFailed(peer.treeDownload, DiskFailure(message: "sync", code: 5, isOutOfSpace: false)))
        #expect(peer.published == [[0]])
        #expect(peer.discarded == [[1]])
    }

    @Test("Cancelled, a tree leaves nothing behind, nor do its children")
    func cancelled() throws {
        let tree = try TestTree(small: 3, large: 2)
        let (request, _) = peer.grow(tree, from: [1])
        #expect(peer.statuses.count == 3)
        peer.feed(.cancel(RequestID(rawValue: 99), tree.name, keepData: false))
        #expect(peer.failure(of: request) == .cancelled)
        #expect(peer.statuses.isEmpty)
    }

    @Test("A tree that is cancelled takes with it what it has put into the share, unless that is to be kept")
    func cancelledWithFiles() throws {
        let tree = try TestTree(small: 2)
        _ = peer.grow(tree, from: [1])
        let id = peer.treeDownload
        peer.feed(.cancel(RequestID(rawValue: 99), tree.name, keepData: true))
        #expect(!peer.effects.contains(.removeRemains(id)))
        peer.feed(.cancel(RequestID(rawValue: 98), tree.name, keepData: false))
        let removal = try #require(peer.effects.firstIndex(of: .removeRemains(id)))
        let end = try #require(peer.effects.firstIndex(of: .forget(id)))
        #expect(removal < end)
    }

    @Test("How much of a tree is here is known after a restart, before anybody has looked")
    func rememberedFigures() throws {
        let tree = try TestTree(small: 2)
        let (_, connections) = peer.grow(tree, from: [1])
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.pass(.seconds(2))
        #expect(peer.published == [[0]])
        peer.publish(tree, [0])
        peer.feed(.pause(RequestID(rawValue: 97), tree.name))
        let records = peer.effects.compactMap { if case .keep(let entry) = $0 { entry } else { nil } }
        let entry = try #require(records.last)
        let next = Harness()
        next.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: 1))))
        #expect(next.statuses.map(\.have) == [4096])
        #expect(next.statuses.map(\.length) == [8192])
    }

    @Test("A tree of which a file failed stays listed, is no version for others, and is taken up when asked for again")
    func incomplete() throws {
        let tree = try TestTree(small: 2)
        let failure = FetchFailure.exists(local: .empty, offered: nil)
        let (request, connections) = peer.grow(tree, from: [1], missing: [1], obstacles: [(0, failure)])
        peer.bring(1, of: tree, on: connections[0])
        peer.stage([1], on: connections[0])
        peer.publish(tree, [1])
        #expect(peer.result(of: request)?.files?.failedFiles == 1)
        let results = peer.statuses.compactMap { status in
            if case .failed(.incomplete(let result)) = status.state { result } else { nil }
        }
        #expect(results.map(\.failedFiles) == [1])
        // Whoever waits for it is told the same.
        let waiter = RequestID(rawValue: 96)
        peer.feed(.wait(waiter, tree.name, isTree: true))
        #expect(peer.result(of: waiter)?.files == results.first)
        let other = peer.accept(2)
        peer.say(.req(request: 6, .tree(tree.name)), on: other)
        #expect(peer.sent(on: other).contains(.notHave(request: 6, .unknown)))
        peer.take()
        let second = peer.wish(tree, local: .file(tree.root))
        peer.have(tree, on: connections[0])
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: [])))
        #expect(peer.result(of: second)?.files?.failedFiles == 0)
        #expect(peer.statuses.isEmpty)
    }

    @Test("A tree that failed goes on by itself when the last file that it lacks has come, however that came")
    func completed() throws {
        let tree = try TestTree(small: 3)
        let (request, _) = peer.grow(
            tree, from: [1], missing: [], obstacles: [(0, .rotten), (2, .exists(local: .empty, offered: nil))])
        #expect(peer.result(of: request)?.files?.failedFiles == 2)
        let isFailed = { self.peer.statuses.contains { if case .failed = $0.state { true } else { false } } }
        peer.feed(.indexed(tree.shared(0)))
        peer.feed(.indexed(SharedFile(name: tree.manifest.name(at: 2), root: .empty, modified: 0, layer: [])))
        #expect(isFailed())
        // What has come is not told as missing any more.
        let told = peer.statuses.compactMap { status in
            if case .failed(.incomplete(let result)) = status.state { result } else { nil }
        }
        #expect(told.map { $0.failed.map(\.name) } == [[tree.manifest.name(at: 2)]] && told.map(\.already) == [2])
        peer.take()
        peer.feed(.indexed(tree.shared(2)))
        #expect(!isFailed())
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: [])))
        #expect(peer.statuses.isEmpty)
    }

    @Test("A tree that has lost its last obstacle while the rest came is looked at again instead of failing")
    func completedMeanwhile() throws {
        let tree = try TestTree(small: 2)
        let (request, connections) = peer.grow(tree, from: [1], missing: [1], obstacles: [(0, .rotten)])
        peer.bring(1, of: tree, on: connections[0])
        peer.stage([1], on: connections[0])
        peer.feed(.indexed(tree.shared(0)))
        peer.take()
        peer.publish(tree, [1])
        #expect(peer.result(of: request) == nil && peer.failure(of: request) == nil)
        peer.feed(.manifestRead(peer.treeDownload, .read(tree.manifest)))
        peer.feed(.treeSurveyed(peer.treeDownload, tree.found(missing: [])))
        #expect(peer.result(of: request)?.files?.failedFiles == 0 && peer.statuses.isEmpty)
    }

    @Test("A tree that failed and was given up, its data kept, does not go on by itself")
    func completedTooLate() throws {
        let tree = try TestTree(small: 2)
        _ = peer.grow(tree, from: [1], missing: [], obstacles: [(0, .rotten)])
        peer.feed(.cancel(RequestID(rawValue: 97), tree.name, keepData: true))
        peer.feed(.indexed(tree.shared(0)))
        #expect(peer.statuses.map(\.state) == [.failed(.cancelled)])
    }

    @Test("A tree that failed in an earlier run goes on when a file of it has been mended")
    func completedLater() throws {
        let tree = try TestTree(large: 2)
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 7), kind: .tree, name: tree.name, root: tree.root, modified: 5, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .failed(.recorded("rotten", kind: "rotten")))
        peer.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: 1))))
        peer.feed(.indexed(tree.shared(1)))
        #expect(!peer.effects.contains { if case .readManifest = $0 { true } else { false } })
        let mended = DownloadEntry(
            id: DownloadID(rawValue: 8), name: tree.manifest.name(at: 0), root: tree.roots[0], modified: 5,
            replacing: false, keepsBackup: true, sync: true, priority: 0, state: .running)
        peer.feed(.restored(StoredDownload(entry: mended, layer: nil, pieces: PieceSet(pieceCount: 2))))
        peer.feed(.delivered(mended.id, .done(tree.shared(0), backup: nil)))
        #expect(peer.effects.contains { if case .readManifest(let read) = $0 { read.id == entry.id } else { false } })
    }

    @Test("A tree that an earlier run left is read and surveyed again, without any client")
    func restored() throws {
        let tree = try TestTree(small: 2)
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 7), kind: .tree, name: tree.name, root: tree.root, modified: 5, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .running)
        peer.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: 1))))
        #expect(peer.effects.contains(.readManifest(entry)))
        peer.join([1])
        peer.feed(.manifestRead(entry.id, .read(tree.manifest)))
        peer.feed(.treeSurveyed(entry.id, tree.found(missing: [1])))
        let connection = peer.connect(1)
        #expect(peer.asked[connection]?.last?.query == .tree(tree.name))
        peer.have(tree, on: connection)
        #expect(peer.roots(on: connection) == [tree.roots[1]])
    }

    // MARK: Large files

    @Test("Files of several pieces are downloads of their own, a few at a time, from the tree's holders")
    func large() throws {
        let peer = Harness { $0.runningMax = 2 }
        let tree = try TestTree(small: 1, large: 3)
        let (request, connections) = peer.grow(tree, from: [1])
        #expect(peer.statuses.map(\.kind) == [.tree, .file, .file])
        #expect(peer.sent(on: connections[0]).types.filter { $0 == .hashesRequest }.count == 2)
        peer.bring(0, of: tree, on: connections[0])
        peer.stage([0], on: connections[0])
        peer.publish(tree, [0])
        for _ in 0..<3 {
            let child = try #require(peer.statuses.first { $0.kind == .file })
            peer.machine.downloads[child.id]?.holders[.number(1)]?.bytes = 1 << 20
            peer.feed(.indexed(SharedFile(name: child.name, root: child.root, modified: 0, layer: [.zero, .zero])))
        }
        let result = try #require(peer.result(of: request))
        #expect((result.files?.fetched, result.files?.failedFiles) == (4, 0))
        // What came by their own downloads is the tree's too.
        #expect(result.holders.map(\.bytes).reduce(0, +) >= 3 << 20)
    }

    @Test("As many trees as may run at one time do not keep their own files from running")
    func manyTrees() throws {
        let peer = Harness { $0.runningMax = 1 }
        let tree = try TestTree(large: 1)
        _ = peer.grow(tree, from: [1])
        #expect(peer.statuses.map(\.state) == [.fetching, .fetching])
    }

    @Test("A file that is being fetched already is waited for, and one of another version is told")
    func adopted() throws {
        let tree = try TestTree(large: 2)
        let names = (0..<2).map { tree.manifest.name(at: $0) }
        for (number, root) in [tree.roots[0], FileRoot(digest: .zero, length: 5)].enumerated() {
            let entry = DownloadEntry(
                id: DownloadID(rawValue: UInt64(90 + number)), name: names[number], root: root, modified: 0,
                replacing: false, keepsBackup: true, sync: true, priority: 0, state: .paused)
            let count = PieceLayout(length: root.length)?.pieceCount ?? 0
            peer.feed(.restored(StoredDownload(entry: entry, layer: nil, pieces: PieceSet(pieceCount: count))))
        }
        let (request, _) = peer.grow(tree, from: [1])
        #expect(Set(peer.statuses.map(\.state)) == [.fetching, .waiting, .paused(.user)])
        peer.feed(.indexed(SharedFile(name: names[0], root: tree.roots[0], modified: 0, layer: [.zero, .zero])))
        let files = try #require(peer.result(of: request)?.files)
        #expect(files.fetched == 1)
        #expect(files.failed.map(\.failure) == [.otherVersionRunning(FileRoot(digest: .zero, length: 5))])
    }

    /// A tree of a small file, which the first holder is asked for, and a large one of two pieces, one from each holder.
    /// The second brings its own, and has the other's doubled, which comes from both.
    /// - Parameter bytes: of the copy of the second holder, until the first holder's is whole.
    private func double(_ bytes: Int, after span: Span) throws -> [ConnectionID] {
        let tree = try TestTree(small: 1, large: 1)
        let (_, connections) = peer.grow(tree, from: [1, 2])
        let child = try #require(peer.statuses.first { $0.kind == .file })
        let root = child.root
        let source = try #require(connections.first { peer.sent(on: $0).types.contains(.hashesRequest) })
        peer.say(.hashes(root, first: 0, [.zero, .zero]), on: source)
        peer.feed(.layerChecked(child.id, isRight: true))
        peer.feed(.partialOpened(child.id, PieceSet(pieceCount: 2)))
        peer.bring(0, of: tree, on: connections[0])
        let piece = { (index: Int, connection: ConnectionID, isWhole: Bool) in
            self.peer.say(.piece(index: index, length: 1 << 20), on: connection)
            self.peer.feed(.pieceStarted(connection))
            guard isWhole else { return }
            self.peer.feed(.progressed(connection, bytes: 1 << 20))
            self.peer.feed(.pieceReceived(connection))
            self.peer.say(.endOfChunk(first: index, .complete), on: connection)
            self.peer.feed(.pieceStored(child.id, index: index, from: connection, .stored))
        }
        #expect(peer.chunks[connections[0]]?.last == 0..<1 && peer.chunks[connections[1]]?.last == 1..<2)
        piece(1, connections[1], true)
        #expect(peer.chunks[connections[1]]?.last == 0..<1)
        piece(0, connections[1], false)
        peer.pass(span)
        peer.feed(.progressed(connections[1], bytes: bytes))
        if peer.effects.contains(where: { if case .commit = $0 { true } else { false } }) {
            peer.feed(.committed(child.id, nil))
        }
        piece(0, connections[0], true)
        #expect(peer.effects.contains { if case .deliver(child.id, _) = $0 { true } else { false } })
        return connections
    }

    @Test("A copy of a large file's last piece that comes too late is passed over, and its holder stays the tree's")
    func copyUnderWay() throws {
        let connections = try double(512 << 10, after: .milliseconds(60))
        #expect(peer.closed.isEmpty)
        #expect(peer.effects.contains(.passOver(connections[1])))
        #expect(peer.statuses.first { $0.kind == .tree }?.activeHolders == 2)
        peer.say(.endOfChunk(first: 0, .complete), on: connections[1])
        peer.pass(.seconds(1))
        #expect(peer.closed.isEmpty)
    }

    @Test("A copy that drips costs its connection, and the tree asks its holder again a second later")
    func copyThatDrips() throws {
        let connections = try double(1024, after: .seconds(1))
        #expect(peer.closed[connections[1]] != nil)
        #expect(peer.statuses.first { $0.kind == .tree }?.activeHolders == 1)
        peer.take()
        peer.pass(.milliseconds(1300))
        #expect(peer.dialed == [.number(2)])
    }

    @Test("What brings a large file forward is headway of its tree; a holder that is only ever busy is none")
    func childProgress() throws {
        let tree = try TestTree(large: 1)
        let (request, connections) = peer.grow(tree, from: [1], timeout: .seconds(3))
        let child = try #require(peer.statuses.first { $0.kind == .file })
        peer.say(.hashes(child.root, first: 0, [.zero, .zero]), on: connections[0])
        peer.feed(.layerChecked(child.id, isRight: true))
        peer.feed(.partialOpened(child.id, PieceSet(pieceCount: 2)))
        peer.say(.piece(index: 0, length: 1 << 20), on: connections[0])
        peer.feed(.pieceStarted(connections[0]))
        for _ in 0..<8 {
            peer.pass(.seconds(1))
            peer.feed(.progressed(connections[0], bytes: 64 << 10))
        }
        #expect(peer.failure(of: request) == nil)
        peer.feed(.pieceReceived(connections[0]))
        peer.feed(.pieceStored(child.id, index: 0, from: connections[0], .stored))
        for _ in 0..<12 {
            while let chunk = peer.machine.sessions[connections[0]]?.chunks.first {
                peer.say(.busy(first: chunk.first, retryAfter: 100), on: connections[0])
            }
            peer.pass(.milliseconds(300))
        }
        #expect(peer.failure(of: request) == .silent(tree.root, have: 0, length: tree.manifest.length))
    }

    @Test("A small file that changed while it was sent is no lie, whether that is said before it is judged or after")
    func changedWhileSent() throws {
        let tree = try TestTree(small: 3)
        let (_, connections) = peer.grow(tree, from: [1])
        for (file, isJudgedFirst) in [(0, false), (1, true)] {
            peer.say(.piece(index: 0, length: 4096), on: connections[0])
            peer.feed(.pieceStarted(connections[0]))
            peer.feed(.pieceReceived(connections[0]))
            if isJudgedFirst { peer.stage([file], on: connections[0], .wrong) }
            peer.say(.endOfChunk(first: 0, .gone), on: connections[0])
            if !isJudgedFirst {
                peer.stage([file], on: connections[0], .wrong)
                #expect(peer.statuses.first { $0.kind == .tree }?.activeHolders == 1)
            }
        }
        #expect(peer.machine.downloads[peer.treeDownload]?.holders.values.map(\.isLiar) == [false])
        #expect(peer.machine.currentBans.isEmpty && peer.closed.isEmpty)
    }

    // MARK: A directory that is gone

    /// Says of whatever is asked on a connection that it is gone, until nothing is, for so long.
    private func lackAll(on connection: ConnectionID, for span: Span) {
        for _ in 0..<span.nanoseconds / Span.milliseconds(250).nanoseconds {
            var isBusy = true
            while isBusy {
                isBusy = false
                if let chunk = peer.machine.sessions[connection]?.chunks.first {
                    isBusy = true
                    peer.say(.endOfChunk(first: chunk.first, .gone), on: connection)
                }
                if let pages = peer.machine.sessions[connection]?.pagesAsked, pages > 0 {
                    isBusy = true
                    let roots = peer.statuses.filter { $0.kind == .file }.map(\.root)
                    for root in roots.prefix(pages) { peer.say(.noHashes(root), on: connection) }
                }
                for status in peer.statuses where status.kind == .file {
                    guard case .opening = peer.machine.downloads[status.id]?.phase else { continue }
                    isBusy = true
                    peer.feed(.partialOpened(status.id, PieceSet(pieceCount: 1)))
                }
                while peer.asked[connection]?.isEmpty == false { peer.notHave(on: connection) }
            }
            peer.pass(.milliseconds(250))
        }
    }

    @Test("The files of a directory that is gone from its only holder fail together after a few were looked for")
    func vanished() throws {
        let tree = try TestTree(small: 3000)
        let (request, connections) = peer.grow(tree, from: [1])
        lackAll(on: connections[0], for: .seconds(10))
        let files = try #require(peer.result(of: request)?.files)
        #expect((files.fetched, files.failedFiles, files.failed.count) == (0, 3000, TreeResult.failedMax))
        #expect(peer.closed.isEmpty)
    }

    @Test("So do the large files of a directory that is gone")
    func vanishedLarge() throws {
        let tree = try TestTree(large: 100)
        let (request, connections) = peer.grow(tree, from: [1])
        lackAll(on: connections[0], for: .seconds(10))
        let files = try #require(peer.result(of: request)?.files)
        #expect((files.fetched, files.failedFiles) == (0, 100))
        #expect(peer.closed.isEmpty)
    }

    @Test("A few lost files are each looked for; their failures do not keep the client waiting beyond its time")
    func fewLost() throws {
        let tree = try TestTree(small: 6)
        let (request, connections) = peer.grow(tree, from: [1], timeout: .seconds(2))
        peer.pass(.milliseconds(10))
        lackAll(on: connections[0], for: .seconds(1))
        #expect(peer.machine.downloads.values.count == 5)
        #expect(peer.machine.requests[request]?.progressed == Moment(nanoseconds: 0))
    }
}
