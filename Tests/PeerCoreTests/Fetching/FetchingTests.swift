import Content
import Testing
import Wire

@testable import PeerCore

/// A download from its first chunk to its file.
@Suite struct FetchingTests {
    private let peer = Harness()

    private func chunk(_ file: TestFile, _ range: Range<Int>) -> Message {
        .chunk(file.root, first: range.lowerBound, count: range.count)
    }

    // MARK: The whole way

    @Test("What an earlier run left is gone on with by a layer that had to be asked for again")
    func foundPieces() throws {
        let file = try TestFile(pieces: 4)
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), name: file.name, root: file.root, modified: 0, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .running)
        var left = PieceSet(pieceCount: 4)
        for piece in [0, 2, 3] { left.insert(piece) }
        peer.join([1])
        peer.feed(.restored(StoredDownload(entry: entry, layer: [], pieces: left)))
        peer.pass(.seconds(2))
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.sendLayer(of: file, on: connection)
        #expect(peer.isOpening(file, file.layer))
        peer.feed(.partialOpened(entry.id, left))
        #expect(peer.statuses.first?.have == 3 << 20)
        #expect(peer.chunks[connection] == [1..<2])
        peer.deliver(1, of: file, on: connection)
        peer.pass(.seconds(2))
        for case .commit(let id, _, _) in peer.effects {
            peer.feed(.committed(id, nil))
        }
        #expect(peer.isDelivering())
    }

    @Test("A file of one piece is fetched without a layer, delivered and offered")
    func onePiece() throws {
        let file = try TestFile(pieces: 1)
        let (request, connections) = peer.fetch(file, from: [1])
        #expect(peer.isOpening(file, [file.root.digest]))
        #expect(peer.deliver(1, of: file, on: connections[0]) == [0])
        #expect(peer.isDelivering())
        #expect(peer.result(of: request) == nil)
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        let result = try #require(peer.result(of: request))
        #expect(result.holders == [HolderBytes(address: .number(1), bytes: 1 << 20)])
        #expect(!result.already)
        #expect(peer.offered[file.name]?.root == file.root)
        #expect(peer.statuses.isEmpty)
    }

    @Test("An empty file is delivered without asking for a byte")
    func empty() throws {
        let file = try TestFile(pieces: 0)
        let (_, connections) = peer.fetch(file, from: [1])
        #expect(peer.isOpening(file, []))
        #expect(peer.isDelivering())
        #expect(peer.chunks[connections[0]] == nil)
    }

    @Test("Three holders are asked for a third each, as in the original, and together bring the file")
    func thirds() throws {
        let file = try TestFile(pieces: 36)
        let (_, connections) = peer.fetch(file, from: [1, 2, 3])
        #expect(connections.map { peer.chunks[$0]?.first?.lowerBound } == [0, 12, 24])
        for _ in 0..<36 {
            for connection in connections { peer.deliver(1, of: file, on: connection) }
            #expect(peer.misplaced.isEmpty)
        }
        #expect(peer.isDelivering())
    }

    @Test("A small file comes from all its holders as well, a piece from each")
    func smallFile() throws {
        let file = try TestFile(pieces: 4)
        let (_, connections) = peer.fetch(file, from: [1, 2, 3, 4])
        #expect(connections.map { peer.chunks[$0] ?? [] } == [[0..<1], [1..<2], [2..<3], [3..<4]])
    }

    @Test("Holders without a piece of their own bring a copy of another's")
    func moreHolders() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2, 3, 4, 5])
        let asked = connections.flatMap { peer.chunks[$0] ?? [] }
        #expect(asked.filter { $0 == 0..<1 }.count == 2 && asked.filter { $0 == 1..<2 }.count == 2)
    }

    @Test("A holder that has brought its share takes from the one with the most left")
    func steals() throws {
        let file = try TestFile(pieces: 40)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        let brought = (0..<30).flatMap { _ in peer.deliver(1, of: file, on: connections[0]) }
        #expect(Set(brought).isSuperset(of: 0..<20))
        #expect(brought.contains { $0 >= 30 })
        #expect(peer.misplaced.isEmpty)
    }

    // MARK: The piece layer

    @Test("The layer is asked of one holder and opened when it leads to the root")
    func layer() throws {
        let file = try TestFile(pieces: 4)
        peer.join([1, 2])
        peer.wish(file)
        let connections = [peer.connect(1), peer.connect(2)]
        for connection in connections { peer.have(file, on: connection) }
        #expect(peer.sent(on: connections[0]).last == .hashesRequest(file.root, first: 0, count: 4))
        #expect(!peer.sent(on: connections[1]).types.contains(.hashesRequest))
        peer.say(.hashes(file.root, first: 0, file.layer), on: connections[0])
        #expect(peer.effects.contains(.checkLayer(DownloadID(rawValue: 1), file.root, file.layer)))
        peer.feed(.layerChecked(DownloadID(rawValue: 1), isRight: true))
        #expect(peer.isOpening(file, file.layer))
    }

    @Test("Who sends a wrong layer is asked for nothing more, and the next holder is asked for it")
    func wrongLayer() throws {
        let file = try TestFile(pieces: 4)
        peer.join([1, 2])
        let request = peer.wish(file)
        let connections = [peer.connect(1), peer.connect(2)]
        for connection in connections { peer.have(file, on: connection) }
        peer.sendLayer(of: file, on: connections[0], isRight: false)
        #expect(peer.statuses.first?.activeHolders == 1)
        #expect(peer.sent(on: connections[1]).last == .hashesRequest(file.root, first: 0, count: 4))
        #expect(peer.failure(of: request) == nil)
    }

    @Test("A long layer comes in pages, some of them asked ahead")
    func longLayer() throws {
        let file = try TestFile(pieces: 6 * 8192 + 1)
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        var given = 0
        while let page = nextPage(connection, given) {
            peer.say(.hashes(file.root, first: page.lowerBound, Array(file.layer[page])), on: connection)
            given += 1
        }
        #expect(given == 7)
        #expect(peer.effects.contains(.checkLayer(DownloadID(rawValue: 1), file.root, file.layer)))
    }

    private func nextPage(_ connection: ConnectionID, _ given: Int) -> Range<Int>? {
        let pages = peer.sent(on: connection).compactMap { message -> Range<Int>? in
            guard case .hashesRequest(_, let first, let count) = message else { return nil }
            return first..<first + count
        }
        #expect(pages.count - given <= 4)
        return given < pages.count ? pages[given] : nil
    }

    @Test(
        "A holder that is slow with the layer has another beside it after a tenth of a second, and is left after five")
    func silentSource() throws {
        let file = try TestFile(pieces: 4)
        peer.join([1, 2])
        peer.wish(file)
        let connections = [peer.connect(1), peer.connect(2)]
        for connection in connections { peer.have(file, on: connection) }
        #expect(!peer.sent(on: connections[1]).types.contains(.hashesRequest))
        peer.pass(.milliseconds(100))
        #expect(peer.sent(on: connections[1]).types.contains(.hashesRequest))
        peer.pass(.milliseconds(4800))
        #expect(peer.closed[connections[0]] == nil)
        peer.pass(.milliseconds(400))
        #expect(peer.closed[connections[0]] != nil)
        peer.pass(.milliseconds(1500))
        #expect(peer.closed[connections[1]] != nil)
    }

    /// The harness sees what is sent on a closed connection.
    @Test("A holder that is given up for its silence about the layer is not asked for it in the same instant")
    func silentSources() throws {
        let file = try TestFile(pieces: 4)
        for pause in stride(from: UInt64(0), through: 2_000, by: 250) {
            let peer = Harness()
            peer.join([1, 2, 3])
            peer.wish(file, digest: file.root.digest)
            let connections = [1, 2, 3].map { peer.connect($0) }
            for connection in connections {
                peer.have(file, on: connection)
                peer.pass(.milliseconds(pause))
            }
            peer.pass(.seconds(30))
            #expect(connections.allSatisfy { peer.closed[$0] != nil })
        }
    }

    @Test("A holder whose file went away before the layer came is left without a quarrel")
    func layerGone() throws {
        let file = try TestFile(pieces: 4)
        peer.join([1, 2])
        peer.wish(file)
        let connections = [peer.connect(1), peer.connect(2)]
        for connection in connections { peer.have(file, on: connection) }
        peer.say(.noHashes(file.root), on: connections[0])
        #expect(peer.closed[connections[0]] == nil)
        #expect(peer.sent(on: connections[1]).last == .hashesRequest(file.root, first: 0, count: 4))
    }

    @Test("Digests that nobody asked for, or out of order, break the protocol")
    func unaskedDigests() throws {
        let file = try TestFile(pieces: 4)
        let stranger = peer.accept(9)
        peer.say(.hashes(file.root, first: 0, file.layer), on: stranger)
        #expect(peer.closed[stranger] != nil)
        let another = peer.accept(8)
        peer.say(.noHashes(file.root), on: another)
        #expect(peer.closed[another] != nil)
        peer.join([1])
        peer.wish(file)
        let connection = peer.connect(1)
        peer.have(file, on: connection)
        peer.say(.hashes(file.root, first: 1, Array(file.layer[1...])), on: connection)
        #expect(peer.closed[connection] != nil)
    }

    @Test("Two names of one root are fetched at a time, each with its own layer, however their pages mix")
    func twoNames() throws {
        let (first, second) = (try TestFile("a", pieces: 8193), try TestFile("b", pieces: 8193))
        peer.join([1])
        peer.wish(first)
        peer.wish(second)
        let connection = peer.connect(1)
        peer.have(second, on: connection)
        peer.have(first, on: connection)
        for _ in 0..<2 { peer.say(.hashes(first.root, first: 0, Array(first.layer[..<8192])), on: connection) }
        for _ in 0..<2 { peer.say(.hashes(first.root, first: 8192, [.zero]), on: connection) }
        #expect(peer.closed[connection] == nil)
        #expect(peer.effects.filter { if case .checkLayer = $0 { true } else { false } }.count == 2)
    }

    // MARK: The end of a download

    @Test("At the end an idle holder is asked for what a slower one has not brought, which is then called off")
    func doubles() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(1, of: file, on: connections[0])
        #expect(peer.chunks[connections[0]] == [1..<2])
        peer.take()
        peer.deliver(1, of: file, on: connections[0])
        #expect(peer.sent(on: connections[1]) == [.cancel(file.root, first: 1, count: 1)])
        #expect(peer.isDelivering())
        peer.say(.endOfChunk(first: 1, .cancelled), on: connections[1])
        #expect(peer.closed[connections[1]] == nil)
    }

    @Test("Who still owes what was called off is left after a second, so that the next question is not behind it")
    func clogged() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(1, of: file, on: connections[0])
        peer.pass(.seconds(3))
        peer.deliver(1, of: file, on: connections[0])
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        peer.pass(.milliseconds(900))
        #expect(peer.closed.isEmpty)
        peer.pass(.milliseconds(400))
        #expect(peer.closed[connections[0]] == nil && peer.closed[connections[1]] != nil)
    }

    @Test("A question does not wait behind what was called off: it goes over a new connection")
    func question() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(2, of: file, on: connections[0])
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        peer.wish(try TestFile("b.bin", pieces: 1, version: 2))
        #expect(peer.closed[connections[0]] == nil && peer.closed[connections[1]] != nil)
        let connection = peer.connect(2)
        #expect(peer.asked[connection]?.count == 1)
    }

    @Test("A question on a connection that goes with a cancelled download is asked anew")
    func questionOnCancelled() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1])
        #expect(peer.announce(0, of: file, on: connections[0]))
        let other = try TestFile("b.bin", pieces: 1, version: 2)
        let request = peer.wish(other)
        #expect(peer.asked[connections[0]]?.isEmpty == false)
        peer.feed(.cancel(peer.newRequest(), file.name, keepData: false))
        #expect(peer.closed[connections[0]] != nil && peer.failure(of: request) == nil)
        peer.have(other, on: peer.connect(1))
        #expect(peer.failure(of: request) == nil && peer.statuses.map(\.root) == [other.root])
    }

    @Test("A piece that comes although it was called off is passed over")
    func lateCopy() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        peer.deliver(2, of: file, on: connections[0])
        peer.take()
        #expect(!peer.announce(1, of: file, on: connections[1]))
        #expect(peer.effects.contains(.discardPiece(connections[1], length: 1 << 20)))
        peer.say(.endOfChunk(first: 1, .complete), on: connections[1])
        #expect(peer.closed[connections[1]] == nil)
    }

    @Test("A copy in the middle of its bytes, when the other is whole, costs its connection")
    func copyUnderWay() throws {
        let file = try TestFile(pieces: 2)
        let (_, connections) = peer.fetch(file, from: [1, 2])
        #expect(peer.announce(1, of: file, on: connections[1]))
        peer.deliver(2, of: file, on: connections[0])
        #expect(peer.closed[connections[1]] != nil)
        #expect(peer.isDelivering())
    }

    @Test("Who joins an unsynced download as it ends, because a connection went that owed an answer, has it synced")
    func joinedAtTheEnd() throws {
        let file = try TestFile(pieces: 2)
        peer.join([1, 2])
        let wishes = [peer.wish(file, sync: false), peer.wish(file)]
        let connections = [peer.connect(1), peer.connect(2)]
        for _ in wishes { peer.have(file, on: connections[0]) }
        // The second holder answers the first wish and not the other, and will not be asked again.
        #expect(peer.takeQuestion(on: connections[1]) != nil)
        peer.have(file, on: connections[1])
        peer.delta(left: [2])
        peer.sendLayer(of: file, on: connections[0])
        peer.feed(.partialOpened(peer.download, peer.opened))
        #expect(peer.announce(1, of: file, on: connections[1]))
        peer.deliver(2, of: file, on: connections[0])
        #expect(peer.closed[connections[1]] != nil)
        #expect(peer.isDelivering())
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        for wish in wishes { #expect(peer.result(of: wish) != nil) }
    }

    @Test("Something that came to stand at the name, and a disk that fails, end the wishes; the download is kept")
    func deliveryFails() throws {
        let file = try TestFile(pieces: 1)
        let disk = DiskFailure(message: "fsync: input/output error", code: 5, isOutOfSpace: false)
        for (delivery, failure) in [
            (Delivery.occupied("a file"), FetchFailure.occupied("a file")), (.failed(disk), .disk(disk)),
        ] {
            let peer = Harness()
            let (request, connections) = peer.fetch(file, from: [1])
            peer.deliver(1, of: file, on: connections[0])
            peer.feed(.delivered(peer.download, delivery))
            #expect(peer.failure(of: request) == failure)
            // What a sync failed for may not be on the disk: nothing is left to keep.
            let isKept = failure != .disk(disk)
            #expect(peer.statuses.map(\.state) == (isKept ? [.failed(failure)] : []))
            #expect(peer.effects.contains(.discardPartial(peer.download, file.root)) != isKept)
            #expect(peer.offered.count == 0)
        }
    }

    @Test(
        "A file that cannot be given its name keeps all its pieces, and is delivered without another when it is resumed"
    )
    func unplaced() throws {
        let file = try TestFile(pieces: 3)
        let disk = DiskFailure(message: "rename: permission denied", code: 13, isOutOfSpace: false)
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(3, of: file, on: connections[0])
        peer.feed(.delivered(peer.download, .unplaced(disk)))
        #expect(peer.failure(of: request) == .disk(disk))
        #expect(peer.statuses.map(\.state) == [.failed(.disk(disk))])
        #expect(peer.statuses.map(\.have) == [file.root.length])
        #expect(!peer.effects.contains(.discardPartial(peer.download, file.root)))
        peer.pass(.seconds(2))
        let all = PieceSet(pieceCount: 3).complement
        #expect(peer.effects.contains(.commit(peer.download, all, sync: true)), "What is not recorded is now")
        peer.feed(.committed(peer.download, nil))
        let before = peer.effects.count
        peer.feed(.resume(peer.newRequest(), file.name))
        #expect(peer.effects.dropFirst(before).contains(.checkPartial(peer.download)))
        peer.feed(.partialChecked(peer.download))
        let later = peer.effects.dropFirst(before)
        #expect(later.contains { if case .deliver = $0 { true } else { false } })
        #expect(!later.contains(.verifyPartial(peer.download, all)))
    }

    @Test("A disk that fails at a piece, or at opening, ends the download; its chunks are called off")
    func diskFails() throws {
        let file = try TestFile(pieces: 4)
        let disk = DiskFailure(message: "pwrite: no space", code: 28, isOutOfSpace: true)
        let (request, connections) = peer.fetch(file, from: [1])
        peer.deliver(1, of: file, on: connections[0], .failed(disk))
        #expect(peer.failure(of: request) == .disk(disk))
        #expect(peer.effects.contains(.discardPartial(peer.download, file.root)))
        #expect(peer.sent(on: connections[0]).types.contains(.cancel))
        #expect(peer.closed[connections[0]] == nil)

        let other = Harness()
        other.join([1])
        let second = other.wish(try TestFile(pieces: 1))
        other.have(try TestFile(pieces: 1), on: other.connect(1))
        other.feed(.partialFailed(other.download, disk))
        #expect(other.failure(of: second) == .disk(disk))
    }

    @Test("A cancelled download is discarded, its wishes told, and what still comes of it passed over")
    func cancelled() throws {
        let file = try TestFile(pieces: 4)
        let (request, connections) = peer.fetch(file, from: [1])
        let canceller = RequestID(rawValue: 99)
        peer.feed(.cancel(canceller, file.name, keepData: false))
        #expect(peer.failure(of: request) == .cancelled)
        #expect(peer.effects.contains(.changed(canceller, file.name)))
        #expect(peer.effects.contains(.discardPartial(peer.download, file.root)))
        #expect(!peer.announce(0, of: file, on: connections[0]))
        #expect(peer.closed[connections[0]] == nil)
    }

    @Test("A partial file that cannot be read again before delivery ends its download with the cause")
    func unreadableBeforeDelivery() throws {
        let file = try TestFile(pieces: 2)
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), name: file.name, root: file.root, modified: 0, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .running)
        let all = PieceSet(pieceCount: 2).complement
        peer.join([1])
        peer.feed(.restored(StoredDownload(entry: entry, layer: file.layer, pieces: all)))
        peer.feed(.partialOpened(entry.id, all))
        #expect(peer.effects.contains(.verifyPartial(entry.id, all)))
        let failure = DiskFailure(message: "read: no memory", code: 12, isOutOfSpace: false)
        peer.feed(.partialFailed(entry.id, failure))
        #expect(peer.statuses.map(\.state) == [.failed(.disk(failure))])
    }
}
