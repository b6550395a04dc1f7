import Content
import Testing

@testable import PeerCore

@Suite struct WaitTests {
    private let peer = Harness()
    private let file: TestFile
    private let waiter = RequestID(rawValue: 77)

    init() throws {
        file = try TestFile(pieces: 3, version: 1)
        peer.join([1])
    }

    /// As an earlier run of the daemon left it, with its first two pieces.
    private func restore(_ state: DownloadEntry.State) {
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), name: file.name, root: file.root, modified: 0, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: state)
        var pieces = PieceSet(pieceCount: 3)
        pieces.insert(0)
        pieces.insert(1)
        peer.feed(.restored(StoredDownload(entry: entry, layer: file.layer, pieces: pieces)))
    }

    @Test("A download that has failed is not waited for: its failure is the answer")
    func failed() {
        restore(.failed(.gone(file.root, have: 7)))
        peer.feed(.wait(waiter, file.name))
        #expect(peer.failure(of: waiter) == .gone(file.root, have: 7))
    }

    @Test("A download that a client paused is not waited for, since nothing but a client takes it up again")
    func paused() {
        restore(.paused)
        peer.feed(.wait(waiter, file.name))
        #expect(peer.failure(of: waiter) == .paused)
    }

    @Test("Whoever waits for a download in the background that has no room is told so, and does not take it away")
    func noRoom() {
        let failure = DiskFailure(
            message: "reserve: full", code: 28, isOutOfSpace: true, missingBytes: 9, neededBytes: 100)
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), name: file.name, root: file.root, modified: 0, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .running)
        let none = PieceSet(pieceCount: 3)
        peer.feed(.restored(StoredDownload(entry: entry, layer: file.layer, pieces: none)))
        peer.feed(.partialFailed(entry.id, failure))
        #expect(peer.statuses.first?.state == .paused(.space(missing: 9, needed: 100)))
        peer.feed(.wait(waiter, file.name))
        #expect(peer.failure(of: waiter) == nil)
        peer.feed(.partialFailed(entry.id, failure))
        #expect(peer.failure(of: waiter) == .full(failure, have: 0))
        #expect(peer.statuses.first?.state == .paused(.space(missing: 9, needed: 100)))
    }

    @Test("A download that waits for room asks for room for all it needs, not for what was missing of that")
    func roomForAll() {
        let entry = DownloadEntry(
            id: DownloadID(rawValue: 9), name: file.name, root: file.root, modified: 0, replacing: false,
            keepsBackup: true, sync: true, priority: 0, state: .running)
        peer.feed(.restored(StoredDownload(entry: entry, layer: file.layer, pieces: PieceSet(pieceCount: 3))))
        let full = DiskFailure(
            message: "full", code: 28, isOutOfSpace: true, missingBytes: 9, neededBytes: file.root.length)
        for (failure, isTold) in [(full, true), (DiskFailure(message: "full", code: 28, isOutOfSpace: true), false)] {
            peer.feed(.partialFailed(entry.id, failure))
            #expect(
                peer.statuses.first?.state
                    == .paused(.space(missing: isTold ? 9 : file.root.length, needed: file.root.length)))
            peer.take()
            peer.pass(.seconds(3))
            #expect(peer.effects.contains(.checkSpace([SpaceNeed(id: entry.id, bytes: file.root.length)])))
            peer.feed(.spaceChecked(entry.id, missing: nil))
        }
    }

    @Test("What lacks an inode and no bytes is not told to lack bytes")
    func noInode() {
        restore(.running)
        let failure = DiskFailure(message: "no inode", code: 28, isOutOfSpace: true, missingBytes: 0, neededBytes: 100)
        peer.feed(.partialFailed(DownloadID(rawValue: 9), failure))
        #expect(peer.statuses.first?.state == .paused(.space(missing: 0, needed: 100)))
    }

    @Test("A download that runs is waited for to its end")
    func running() {
        let (_, connections) = peer.fetch(file, from: [1])
        peer.feed(.wait(waiter, file.name))
        #expect(peer.failure(of: waiter) == nil && peer.result(of: waiter) == nil)
        peer.deliver(3, of: file, on: connections[0])
        peer.feed(.delivered(peer.download, .done(file.shared, backup: nil)))
        #expect(peer.result(of: waiter)?.root == file.root)
    }

    @Test("What an earlier run left does not count as readable before it was looked at")
    func prefix() {
        restore(.running)
        #expect(peer.statuses.first?.have ?? 0 > 0)
        #expect(peer.statuses.first?.prefix == 0)
    }
}

@Suite struct LiftTests {
    @Test("Bans are lifted by address and port, or by the address for every port")
    func byAddress() {
        let peer = Harness()
        let bans = (1...3).map { number in
            Ban(
                peer: .number(UInt64(number)),
                address: PeerAddress(ipv4: number < 3 ? 0x0A00_0001 : 0x0A00_0002, port: UInt16(7000 + number)),
                reason: "lied", until: Moment(nanoseconds: 1_000_000_000_000))
        }
        for ban in bans { peer.feed(.restoredBan(ban)) }
        let lifted = { (address: PeerAddress) -> Set<PeerID> in
            _ = peer.take()
            peer.feed(.lift(RequestID(rawValue: 1), .address(address)))
            let told = peer.effects.compactMap { if case .liftedBans(_, let bans) = $0 { bans } else { nil } }
            return Set(told.joined().map(\.peer))
        }
        #expect(lifted(PeerAddress(ipv4: 0x0A00_0001, port: 9999)).isEmpty)
        #expect(lifted(PeerAddress(ipv4: 0x0A00_0002, port: 7003)) == [.number(3)])
        #expect(lifted(PeerAddress(ipv4: 0x0A00_0001, port: 0)) == [.number(1), .number(2)])
    }
}
