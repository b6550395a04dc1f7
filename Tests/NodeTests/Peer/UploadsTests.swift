import Content
import Foundation
import Posix
import Storage
import Testing
import Transport

@testable import Node

/// Does the jobs of uploads when told to, and remembers what else they wanted.
private final class Owner: UploadsOwner {
    var known: [ShareName: KnownFile] = [:]
    var jobs: [PeerJob] = []
    var changed: [String] = []
    var served = 0

    func submit(_ job: PeerJob) { jobs.append(job) }

    func fileChanged(_ name: ShareName) {
        if known.removeValue(forKey: name) != nil { changed.append(name.path) }
    }

    func chunkServed(_ connection: ConnectionID) { served += 1 }
    func indexed(_ name: ShareName) -> KnownFile? { known[name] }

    func index(_ file: IndexedFile) { known[file.name] = KnownFile(identity: file.identity, root: file.root) }
}

struct UploadsTests {
    private let shared: Shared
    private let loop: Served
    private let owner = Owner()
    private let uploads = Uploads()
    private let connection: ConnectionID
    private let fetcher: Fetcher
    private let bytes = Pattern.bytes((5 << 20) + 100)
    private let file: IndexedFile

    init() throws {
        shared = try Shared()
        loop = try Served()
        try shared.write(bytes, to: "file")
        file = try shared.index("file")
        owner.index(file)
        (connection, fetcher) = try loop.connect()
        let (uploads, owner, transport) = (uploads, owner, loop.transport)
        loop.onRoom = { uploads.pump($0, transport, owner) }
    }

    private func add(_ pieces: Range<Int>, on connection: ConnectionID? = nil, of file: IndexedFile? = nil) {
        let file = file ?? self.file
        uploads.add(file.name, file.root, pieces, on: connection ?? self.connection, loop.transport, owner)
    }

    /// Does the jobs there are.
    private func work() {
        let jobs = owner.jobs
        owner.jobs = []
        for job in jobs {
            switch shared.worker.perform(job) {
            case .sharedOpened(let name, let result): uploads.opened(name, result, loop.transport, owner)
            case .warmed(let connection): uploads.warmed(connection, loop.transport, owner)
            default: Issue.record("\(job)")
            }
        }
    }

    private func run(until count: Int, _ fetcher: Fetcher? = nil) throws {
        let fetcher = fetcher ?? self.fetcher
        #expect(
            try loop.run {
                work()
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
        uploads.addNothing(7, on: connection, loop.transport, owner)
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
        uploads.cancel(file.root, first: 0, on: connection)
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

    @Test("Running out of descriptors refuses a chunk, and says nothing of the file")
    func survivesRunningOut() throws {
        add(0..<2)
        owner.jobs = []
        uploads.opened(
            file.name, .failure(SystemError("open", on: "file", code: EMFILE)), loop.transport, owner)
        try run(until: 1)
        #expect(fetcher.heard == ["end 0 gone"])
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
        uploads.drop(connection)
        uploads.drop(connection)
        try run(until: 7, otherFetcher)
        #expect(otherFetcher.heard.last == "end 0 complete")
        #expect(uploads.openCount == 0)
    }

    @Test("Dropping the last connection while a file is being opened leaves nothing open")
    func dropsWhileOpening() throws {
        add(0..<1)
        uploads.drop(connection)
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
}
