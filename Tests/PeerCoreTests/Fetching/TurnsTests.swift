import Content
import Testing

@testable import PeerCore

@Suite struct TurnsTests {
    @Test("Downloads are fetched in the order of asking, though the answers come in another")
    func orderOfAsking() throws {
        let peer = Harness { $0.runningMax = 1 }
        let files = try ["a", "b", "c"].enumerated().map { try TestFile($1, pieces: 3, version: UInt8($0 + 1)) }
        peer.join([1])
        peer.wish(files[0])
        let connection = peer.connect(1)
        peer.have(files[0], on: connection)
        peer.wish(files[1])
        peer.wish(files[2])
        // The harness answers what was asked last.
        peer.have(files[2], on: connection)
        peer.have(files[1], on: connection)
        let queued = { peer.statuses.filter { $0.state == .queued }.map(\.name.path).sorted() }
        #expect(queued() == ["b", "c"])
        peer.feed(.cancel(RequestID(rawValue: 77), files[0].name, keepData: false))
        #expect(queued() == ["c"])
    }

    @Test("Room that comes is given in the order of the turns, the highest priority first")
    func orderOfRoom() throws {
        let peer = Harness()
        let files = try ["a", "b", "c"].enumerated().map { try TestFile($1, pieces: 3, version: UInt8($0 + 1)) }
        let full = DiskFailure(message: "full", code: 28, isOutOfSpace: true, missingBytes: 9, neededBytes: 100)
        for (file, number) in zip(files, [7, 8, 9] as [UInt64]) {
            let entry = DownloadEntry(
                id: DownloadID(rawValue: number), name: file.name, root: file.root, modified: 0, replacing: false,
                keepsBackup: true, sync: true, priority: 0, state: .running, turn: number)
            peer.feed(.restored(StoredDownload(entry: entry, layer: file.layer, pieces: PieceSet(pieceCount: 3))))
            peer.feed(.partialFailed(entry.id, full))
        }
        peer.feed(.prioritize(peer.newRequest(), files[2].name, 5))
        peer.take()
        peer.pass(.seconds(3))
        let checks = peer.effects.compactMap {
            if case .checkSpace(let needs) = $0 { needs.map(\.id.rawValue) } else { nil }
        }
        #expect(checks == [[9, 7, 8]])
    }

    @Test("What was kept of one version is not given up for another until somebody says so")
    func keptVersion() throws {
        let peer = Harness()
        let files = try [1, 2].map { try TestFile("a", pieces: 3, version: UInt8($0)) }
        let (_, connections) = peer.fetch(files[0], from: [1])
        peer.deliver(1, of: files[0], on: connections[0])
        peer.feed(.cancel(peer.newRequest(), files[0].name, keepData: true))
        let request = peer.wish(files[1])
        peer.have(files[1], on: connections[0])
        #expect(peer.failure(of: request) == .otherVersionKept(files[0].root, have: peer.statuses.first?.have ?? 0))
        #expect(peer.statuses.map(\.root) == [files[0].root])
    }

    @Test("What was asked for first keeps its turn though it is found later, but not for longer than an ask takes")
    func foundLater() throws {
        let peer = Harness { $0.runningMax = 2 }
        let files = try ["a", "b", "c"].enumerated().map { try TestFile($1, pieces: 3, version: UInt8($0 + 1)) }
        peer.join([1, 2])
        for file in files { peer.wish(file) }
        let connection = peer.connect(1)
        // The harness answers what was asked last; of the second peer nothing is heard but of the last file.
        let other = peer.connect(2)
        peer.have(files[2], on: connection)
        peer.have(files[2], on: other)
        let running = { peer.statuses.filter { $0.state != .queued }.map(\.name.path) }
        #expect(peer.statuses.count == 1)
        #expect(running().isEmpty)
        peer.have(files[1], on: connection)
        peer.have(files[1], on: other)
        #expect(running() == ["b"])
        peer.pass(.seconds(4))
        #expect(running().sorted() == ["b", "c"])
    }

    @Test("A download without a holder leaves its place to others, and goes on beside them when one comes")
    func waiting() throws {
        let peer = Harness { $0.runningMax = 1 }
        let files = try ["a", "b"].enumerated().map { try TestFile($1, pieces: 3, version: UInt8($0 + 1)) }
        peer.join([1, 2])
        peer.wish(files[0])
        let first = peer.connect(1)
        let second = peer.connect(2)
        peer.have(files[0], on: first)
        peer.notHave(on: second)
        peer.wish(files[1])
        peer.notHave(on: first)
        peer.have(files[1], on: second)
        #expect(peer.statuses.map(\.state) == [.fetching, .queued])
        peer.feed(.closed(first, reason: "reset"))
        peer.pass(.seconds(1))
        #expect(peer.statuses.map(\.state) == [.waiting, .queued])
        peer.pass(.seconds(3))
        #expect(peer.statuses.map(\.state) == [.waiting, .fetching])
        let again = peer.connect(1)
        peer.have(files[0], on: again)
        #expect(peer.statuses.map(\.state) == [.fetching, .fetching])
    }

    @Test("A download that is paused and resumed while its partial file is opened does not open it again")
    func resumedWhileOpening() throws {
        let peer = Harness()
        let file = try TestFile(pieces: 1)
        peer.join([1])
        peer.wish(file)
        peer.have(file, on: peer.connect(1))
        peer.take()
        peer.feed(.pause(RequestID(rawValue: 77), nil))
        peer.feed(.resume(RequestID(rawValue: 78), nil))
        let openings = peer.take().filter { effect in
            switch effect {
            case .openPartial, .reopenPartial: true
            default: false
            }
        }
        #expect(openings.isEmpty)
        peer.feed(.partialOpened(peer.download, PieceSet(pieceCount: 1)))
        #expect(peer.statuses.first?.state == .fetching)
    }

    @Test("A partial file that could not be opened while its download was paused is opened when it is resumed")
    func failedWhilePaused() throws {
        let peer = Harness()
        let file = try TestFile(pieces: 1)
        peer.join([1])
        peer.wish(file)
        peer.have(file, on: peer.connect(1))
        peer.feed(.pause(RequestID(rawValue: 77), nil))
        let failure = DiskFailure(message: "open: no", code: 5, isOutOfSpace: false)
        peer.feed(.partialFailed(peer.download, failure))
        peer.take()
        peer.feed(.resume(RequestID(rawValue: 78), nil))
        #expect(
            peer.effects.contains { effect in
                if case .reopenPartial(let entry, [file.root.digest], _) = effect {
                    entry.id == peer.download
                } else {
                    false
                }
            })
    }
}
