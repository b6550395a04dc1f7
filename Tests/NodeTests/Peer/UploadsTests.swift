import Content
import Foundation
import PeerCore
import Posix
import Storage
import TestSupport
import Testing
import Transport

@testable import Node

/// Does the jobs of uploads when told to, and remembers what else they wanted.
private final class Owner: UploadsOwner {
    var known: [ShareName: KnownFile] = [:]
    var jobs: [PeerJob] = []
    var changed: [String] = []
    var served = 0
    /// What the clock shows beyond the reactor's.
    var ahead = Span.seconds(0)
    var sweepAt: Moment?
    private let reactor: PeerReactor

    init(_ reactor: PeerReactor) { self.reactor = reactor }

    var now: Moment { Moment(nanoseconds: reactor.now) + ahead }

    func sweepUploads(at moment: Moment) {
        #expect(sweepAt == nil)
        sweepAt = moment
    }

    func submit(_ job: PeerJob) { jobs.append(job) }

    func partialChanged(_ id: DownloadID) {}

    func fileChanged(_ name: ShareName) {
        if known.removeValue(forKey: name) != nil { changed.append(name.path) }
    }

    func chunkServed(_ connection: ConnectionID) { served += 1 }
    func indexed(_ name: ShareName) -> KnownFile? { known[name] }
    var partials: [DownloadID: ServedFile] = [:]
    func partial(_ id: DownloadID) -> ServedFile? { partials[id] }

    func index(_ file: IndexedFile) { known[file.name] = KnownFile(identity: file.identity, root: file.root) }
}

struct UploadsTests {
    private let shared: Shared
    private let loop: Served
    private let owner: Owner
    private let uploads: Uploads
    private let connection: ConnectionID
    private let fetcher: Fetcher
    private let bytes = Pattern.bytes((5 << 20) + 100)
    private let file: IndexedFile

    init() throws {
        shared = try Shared()
        loop = try Served()
        try shared.write(bytes, to: "file")
        file = try shared.index("file")
        owner = Owner(loop.reactor)
        owner.index(file)
        (connection, fetcher) = try loop.connect()
        uploads = Uploads(UploadPolicy(slots: 16))
        hear(uploads)
    }

    /// What the transport tells goes to these uploads.
    private func hear(_ uploads: Uploads) {
        let (owner, transport) = (owner, loop.transport)
        loop.onRoom = { uploads.pump($0, transport, owner) }
        loop.onDue = { uploads.due($0, owner) }
    }

    private func add(
        _ pieces: Range<Int>, on connection: ConnectionID? = nil, of file: IndexedFile? = nil,
        to uploads: Uploads? = nil
    ) {
        let file = file ?? self.file
        (uploads ?? self.uploads).add(
            .shared(file.name), file.root, pieces, on: connection ?? self.connection, loop.transport, owner)
    }

    /// Does the jobs there are.
    private func work(_ other: Uploads? = nil) {
        let uploads = other ?? uploads
        let jobs = owner.jobs
        owner.jobs = []
        for job in jobs {
            switch shared.worker.perform(job) {
            case .sharedOpened(let name, let result): uploads.opened(.shared(name), result, loop.transport, owner)
            case .warmed(let connection): uploads.warmed(connection, loop.transport, owner)
            default: Issue.record("\(job)")
            }
        }
    }

    private func run(until count: Int, _ fetcher: Fetcher? = nil, _ uploads: Uploads? = nil) throws {
        let fetcher = fetcher ?? self.fetcher
        #expect(
            try loop.run {
                work(uploads)
                return fetcher.heard.count >= count
            })
    }

    @Test("A chunk's pieces are sent in order, and then its end")
    func servesChunk() throws {
        add(1..<6)
        try run(until: 6)
        #expect(fetcher.heard == ["piece 1", "piece 2", "piece 3", "piece 4", "piece 5", "end 1 complete"])
        let isSame = fetcher.bytes == Array(bytes[(1 << 20)...])
        #expect(isSame)
        #expect(owner.served == 1)
        #expect(uploads.openCount == 0)
    }

    @Test("Chunks of one connection are sent one after the other, also one of which there is nothing")
    func keepsOrder() throws {
        add(0..<1)
        uploads.addNothing(7, .gone, on: connection, loop.transport, owner)
        add(5..<6)
        try run(until: 5)
        #expect(fetcher.heard == ["piece 0", "end 0 complete", "end 7 gone", "piece 5", "end 5 complete"])
        #expect(owner.served == 3)
    }

    @Test("A file is opened once for all who fetch it, and closed when nobody does")
    func opensOnce() throws {
        let (other, otherFetcher) = try loop.connect()
        add(0..<1)
        add(1..<2, on: other)
        #expect(owner.jobs.count == 1)
        work()
        try run(until: 2)
        try run(until: 2, otherFetcher)
        #expect(otherFetcher.heard == ["piece 1", "end 1 complete"])
        #expect(uploads.openCount == 0)
    }

    @Test("A cancelled chunk ends before its next piece")
    func cancels() throws {
        add(0..<6)
        work()
        uploads.cancel(file.root, first: 0, on: connection, loop.transport, owner)
        try run(until: 3)
        #expect(fetcher.heard == ["piece 0", "piece 1", "end 0 cancelled"])
        #expect(owner.changed.isEmpty)
    }

    @Test("A file that is written to while it is served ends its chunks, and is told as changed")
    func noticesChange() throws {
        add(0..<6)
        work()
        #expect(truncate("\(shared.sharePath)/file", off_t(bytes.count + 1)) == 0)
        try run(until: 3)
        #expect(fetcher.heard == ["piece 0", "piece 1", "end 0 gone"])
        #expect(owner.changed == ["file"])
        #expect(uploads.openCount == 0)
    }

    @Test("A file that was written to before it was opened is not served at all")
    func noticesChangeBeforeOpening() throws {
        try shared.write(Pattern.bytes(bytes.count, seed: 9), to: "file")
        add(0..<2)
        add(3..<4)
        try run(until: 2)
        #expect(fetcher.heard == ["end 0 gone", "end 3 gone"])
        #expect(owner.changed == ["file"])
        #expect(owner.served == 2)
    }

    @Test("A file that is gone, or became a link, is not served", arguments: [false, true])
    func noticesRemoval(_ isLink: Bool) throws {
        try FileManager.default.moveItem(atPath: "\(shared.sharePath)/file", toPath: "\(shared.path)/moved")
        if isLink {
            try FileManager.default.createSymbolicLink(
                atPath: "\(shared.sharePath)/file", withDestinationPath: "\(shared.path)/moved")
        }
        add(0..<2)
        try run(until: 1)
        #expect(fetcher.heard == ["end 0 gone"])
        #expect(owner.changed == ["file"])
    }

    @Test("Running out of descriptors puts a chunk off, and says nothing of the file")
    func survivesRunningOut() throws {
        add(0..<2)
        owner.jobs = []
        uploads.opened(
            .shared(file.name), .failure(SystemError("open", on: "file", code: EMFILE)), loop.transport, owner)
        try run(until: 1)
        #expect(fetcher.heard == ["busy 0"])
        #expect(owner.changed.isEmpty)
        add(0..<1)
        try run(until: 3)
        #expect(fetcher.heard.suffix(2) == ["piece 0", "end 0 complete"])
    }

    @Test("A chunk asked of one version gets nothing of another that stands at the name since")
    func servesOnlyTheVersionAsked() throws {
        add(0..<6)
        work()
        try shared.write(Pattern.bytes(bytes.count, seed: 9), to: "file")
        let second = try shared.index("file")
        owner.index(second)
        try run(until: 3)
        #expect(fetcher.heard == ["piece 0", "piece 1", "end 0 gone"])
        add(0..<1, of: second)
        try run(until: 5)
        #expect(fetcher.heard.suffix(2) == ["piece 0", "end 0 complete"])
        #expect(owner.changed.isEmpty)
    }

    @Test("A connection that goes takes nothing from the others")
    func dropsOne() throws {
        let (other, otherFetcher) = try loop.connect()
        add(0..<6)
        add(0..<6, on: other)
        work()
        uploads.drop(connection, loop.transport, owner)
        uploads.drop(connection, loop.transport, owner)
        try run(until: 7, otherFetcher)
        #expect(otherFetcher.heard.last == "end 0 complete")
        #expect(uploads.openCount == 0)
    }

    @Test("Dropping the last connection while a file is being opened leaves nothing open")
    func dropsWhileOpening() throws {
        add(0..<1)
        uploads.drop(connection, loop.transport, owner)
        work()
        #expect(uploads.openCount == 0)
        #expect(owner.changed.isEmpty)
    }

    @Test("Cold data is read ahead once, and then sent whether or not it stays in memory")
    func warmsOnce() throws {
        // Only a file system on a disk forgets what it was told to.
        let descriptor = open("\(shared.sharePath)/file", O_RDONLY)
        defer { close(descriptor) }
        fsync(descriptor)
        posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_DONTNEED))
        let isCold = !FileIO.isCached(descriptor, offset: 0, count: 1 << 20)
        add(0..<1)
        work()
        if isCold {
            guard case .warm(let warmed, _, offset: 0, count: 4 << 20) = owner.jobs.first else {
                Issue.record("\(owner.jobs)")
                return
            }
            owner.jobs = []
            uploads.warmed(warmed, loop.transport, owner)
        }
        #expect(owner.jobs.isEmpty)
        try run(until: 2)
        #expect(fetcher.heard == ["piece 0", "end 0 complete"])
    }

    // MARK: Changes while it is sent

    @Test("A file that is written to after its last piece was queued ends the chunk as gone, not as complete")
    func noticesLateChange() throws {
        add(5..<6)
        work()
        #expect(truncate("\(shared.sharePath)/file", off_t(bytes.count + 1)) == 0)
        try run(until: 2)
        #expect(fetcher.heard == ["piece 5", "end 5 gone"])
        #expect(owner.changed == ["file"])
        #expect(uploads.openCount == 0)
    }

    @Test("A change that one connection comes upon is told to all who were sent pieces, and withdrawn once")
    func tellsAllOfChange() throws {
        let (other, otherFetcher) = try loop.connect()
        add(0..<2)
        add(0..<6, on: other)
        work()
        #expect(truncate("\(shared.sharePath)/file", off_t(bytes.count + 1)) == 0)
        try run(until: 3)
        try run(until: 3, otherFetcher)
        #expect(fetcher.heard == ["piece 0", "piece 1", "end 0 gone"])
        #expect(otherFetcher.heard == ["piece 0", "piece 1", "end 0 gone"])
        #expect(owner.changed == ["file"])
        #expect(owner.served == 2)
    }

    @Test("A file that was indexed anew meanwhile is not withdrawn again")
    func sparesTheNewIndex() throws {
        add(5..<6)
        work()
        try shared.write(Pattern.bytes(bytes.count, seed: 9), to: "file")
        owner.index(try shared.index("file"))
        try run(until: 2)
        #expect(fetcher.heard == ["piece 5", "end 5 gone"])
        #expect(owner.changed.isEmpty)
    }

    @Test("A file that becomes shorter in the middle of a piece is withdrawn")
    func withdrawsShortened() throws {
        add(0..<6)
        work()
        let served = try #require(owner.known[file.name])
        uploads.truncated(try shared.share.open(file.name).0, owner)
        #expect(owner.changed.isEmpty && served.root == file.root)
    }

    // MARK: Files that are being fetched

    @Test("Pieces of a file that is being fetched are sent though it is written to, also when it has its name since")
    func servesPartial() throws {
        let download = DownloadID(rawValue: 7)
        let (partial, identity) = try shared.share.open(file.name)
        owner.partials[download] = ServedFile(file: partial, identity: identity)
        uploads.add(.partial(download), file.root, 0..<6, on: connection, loop.transport, owner)
        #expect(owner.jobs.isEmpty)
        let descriptor = open("\(shared.sharePath)/file", O_WRONLY)
        defer { close(descriptor) }
        #expect(pwrite(descriptor, Array(bytes[..<10]), 10, 0) == 10)
        owner.partials = [:]
        try run(until: 7)
        #expect(fetcher.heard.last == "end 0 complete")
        let isSame = fetcher.bytes == bytes
        #expect(isSame)
        #expect(owner.changed.isEmpty && uploads.openCount == 0)
        uploads.add(.partial(download), file.root, 0..<6, on: connection, loop.transport, owner)
        try run(until: 8)
        #expect(fetcher.heard.last == "end 0 gone")
    }

    // MARK: Turns

    /// Uploads with one slot, whose turns are a piece long.
    private func narrow(waitingMax: Int = 256) -> Uploads {
        var policy = UploadPolicy(slots: 1)
        policy.turnBytesMax = 1 << 20
        policy.waitingMax = waitingMax
        policy.retryMax = .seconds(30)
        let uploads = Uploads(policy)
        hear(uploads)
        return uploads
    }

    @Test("With one slot, two connections get their pieces by turns, though one asks for few at a time")
    func takesTurns() throws {
        let uploads = narrow()
        let (other, otherFetcher) = try loop.connect()
        for _ in 0..<12 { add(0..<5, to: uploads) }
        var asked = 0
        #expect(
            try loop.run {
                work(uploads)
                // The one that is being sent, and two more.
                while asked < 10, 2 * asked < otherFetcher.heard.count + 6 {
                    add(0..<1, on: other, to: uploads)
                    asked += 1
                }
                return otherFetcher.heard.count == 20
            })
        let pieces = fetcher.heard.count { $0.hasPrefix("piece") }
        // A piece each, and what was queued ahead; without turns it would be all 60. A sanitizer slows who reads, but not
        // the kernel, so that more is ahead.
        #expect((4..<(Sanitizer.name == nil ? 40 : 55)).contains(pieces), "\(pieces)")
        try run(until: 72, nil, uploads)
        #expect(uploads.servedCount == 0 && uploads.waitingCount == 0)
    }

    @Test("Who finds the line full is told at once to come back, for every chunk, and the others get theirs")
    func turnsAway() throws {
        let uploads = narrow(waitingMax: 1)
        let (second, secondFetcher) = try loop.connect()
        let (third, thirdFetcher) = try loop.connect()
        add(0..<5, to: uploads)
        work(uploads)
        add(0..<1, on: second, to: uploads)
        add(0..<1, on: third, to: uploads)
        add(3..<4, on: third, to: uploads)
        try run(until: 2, thirdFetcher, uploads)
        #expect(thirdFetcher.heard == ["busy 0", "busy 3"])
        #expect(thirdFetcher.retries == [1000, 1000])
        try run(until: 2, secondFetcher, uploads)
        #expect(secondFetcher.heard == ["piece 0", "end 0 complete"])
        try run(until: 6, nil, uploads)
        add(0..<1, on: third, to: uploads)
        try run(until: 4, thirdFetcher, uploads)
        #expect(thirdFetcher.heard.last == "end 0 complete")
        #expect(owner.served == 5)
        #expect(uploads.openCount == 0)
    }

    @Test("Who has waited for some seconds is told to come back, later the further behind, and its place is free")
    func sendsAway() throws {
        let uploads = narrow()
        let others = try (0..<3).map { _ in try loop.connect() }
        loop.transport.setRates(.init(upload: ByteRate(bytesPerSecond: 1 << 20)))
        add(0..<6, to: uploads)
        work(uploads)
        for (connection, _) in others { add(0..<6, on: connection, to: uploads) }
        #expect(uploads.waitingCount == 3)
        #expect(try loop.run(2) { (loop.transport.fileBytesSent) > 200_000 })
        owner.ahead = .seconds(1)
        sweep(uploads)
        #expect(uploads.waitingCount == 3 && owner.sweepAt != nil)
        owner.ahead = .seconds(4)
        sweep(uploads)
        #expect(uploads.waitingCount == 0 && uploads.servedCount == 1)
        sweep(uploads)
        #expect(owner.sweepAt == nil)
        for (_, fetcher) in others { try run(until: 1, fetcher, uploads) }
        let retries = others.flatMap(\.1.retries)
        #expect(retries == retries.sorted() && Set(retries).count == 3, "\(retries)")
        #expect(retries.allSatisfy { (500...30_000).contains($0) })
    }

    private func sweep(_ uploads: Uploads) {
        owner.sweepAt = nil
        uploads.sweep(loop.transport, owner)
    }

    @Test("Who does not read loses its slot to the next, and gets its pieces when it reads again")
    func freesSlotOfStuck() throws {
        let uploads = narrow()
        let large = Pattern.bytes(24 << 20)
        try shared.write(large, to: "large")
        let file = try shared.index("large")
        owner.index(file)
        let client = try WireClient(loop.port, receiveBuffer: 256 << 10)
        let stuck = try loop.awaitConnection()
        add(0..<96, on: stuck, of: file, to: uploads)
        #expect(
            try loop.run {
                work(uploads)
                if case .blocked = loop.transport.outflow(stuck) { return true }
                return false
            })
        add(0..<1, to: uploads)
        #expect(uploads.waitingCount == 1)
        sweep(uploads)
        #expect(uploads.waitingCount == 1)
        owner.ahead = .seconds(3)
        sweep(uploads)
        try run(until: 2, nil, uploads)
        #expect(fetcher.heard == ["piece 0", "end 0 complete"])
        let before = loop.transport.fileBytesSent
        #expect(
            try loop.run {
                work(uploads)
                client.skip()
                return loop.transport.fileBytesSent > before + 8 << 20
            })
    }

    @Test("Who is held back by our own limit keeps its slot")
    func keepsSlotOfLimited() throws {
        let uploads = narrow()
        let (other, _) = try loop.connect()
        loop.transport.setRates(.init(upload: ByteRate(bytesPerSecond: 1 << 10)))
        add(0..<6, to: uploads)
        work(uploads)
        add(0..<6, on: other, to: uploads)
        #expect(try loop.run { loop.transport.outflow(connection) == .limited })
        owner.ahead = .seconds(2)
        sweep(uploads)
        #expect(uploads.waitingCount == 1)
        owner.ahead = .seconds(60)
        sweep(uploads)
        // The other was sent away; had the slot been free, it would have got it.
        #expect(uploads.waitingCount == 0 && uploads.servedCount == 1)
        #expect(loop.transport.outflow(other) == .empty)
    }

    @Test("A requester that goes leaves its slot and its place to the others")
    func dropFreesSlot() throws {
        let uploads = narrow()
        let (second, _) = try loop.connect()
        let (third, thirdFetcher) = try loop.connect()
        add(0..<6, to: uploads)
        work(uploads)
        add(0..<6, on: second, to: uploads)
        add(5..<6, on: third, to: uploads)
        uploads.drop(second, loop.transport, owner)
        uploads.drop(connection, loop.transport, owner)
        try run(until: 2, thirdFetcher, uploads)
        #expect(thirdFetcher.heard == ["piece 5", "end 5 complete"])
        #expect(uploads.servedCount == 0 && uploads.waitingCount == 0 && uploads.openCount == 0)
    }

    @Test("A chunk that is cancelled in line ends at once, and the line goes on without it")
    func cancelsInLine() throws {
        let uploads = narrow()
        let (second, secondFetcher) = try loop.connect()
        add(0..<6, to: uploads)
        work(uploads)
        add(2..<6, on: second, to: uploads)
        uploads.cancel(file.root, first: 2, on: second, loop.transport, owner)
        #expect(uploads.waitingCount == 0)
        try run(until: 1, secondFetcher, uploads)
        #expect(secondFetcher.heard == ["end 2 cancelled"])
    }
}
