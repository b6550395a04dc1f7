import Content
import Control
import Foundation
import PeerCore
import Posix
import Storage
import Testing

@testable import Node

/// What the indexer makes of what is in a share when it starts.
struct ShareIndexerTests {
    private let shared: Shared
    private let driver: IndexDriver

    init() throws {
        shared = try Shared()
        driver = IndexDriver(shared)
    }

    private var progress: IndexingProgress { driver.indexer.progress(driver.catalog) }

    @Test("Every file of the share is indexed, and the numbers come out even")
    func indexesAll() throws {
        let sizes = [0, 1, 1 << 20, 16 << 20, (16 << 20) + 1, (32 << 20) - 1]
        for (index, size) in sizes.enumerated() {
            try shared.write([], to: "d\(index % 3)/e/file\(index)")
            truncate("\(shared.sharePath)/d\(index % 3)/e/file\(index)", off_t(size))
        }
        driver.load()
        #expect(progress.state == .scanning)
        while !driver.jobs.isEmpty {
            driver.work()
            #expect(progress.filesDone <= progress.filesTotal && progress.bytesDone <= progress.bytesTotal)
        }
        #expect(progress.state == .ready && progress.errors == 0)
        #expect(progress.filesDone == sizes.count && progress.filesTotal == sizes.count)
        #expect(progress.bytesTotal == UInt64(sizes.reduce(0, +)) && progress.bytesDone == progress.bytesTotal)
        #expect(driver.notes.contains(.ready(files: sizes.count, errors: 0)))
        #expect(driver.rows.count == sizes.count && driver.states.values.allSatisfy { $0 == "ready" })
    }

    @Test("An empty share is ready at once, and only once")
    func emptyShare() {
        driver.start()
        driver.proceed()
        #expect(driver.indexer.isReady)
        #expect(driver.notes.count { $0 == .ready(files: 0, errors: 0) } == 1)
    }

    @Test("Only a few batches are hashed at one time, small files many in one")
    func boundsJobs() throws {
        for index in 0..<600 { try shared.write([UInt8(index % 256)], to: "small\(index)") }
        for index in 0..<6 { truncate(try touch("large\(index)"), 20 << 20) }
        driver.start()
        // A process that another test starts has all descriptors for a moment: a file may seem to be written for longer.
        for _ in 0..<20 where Set(driver.hashed).count < 606 { driver.pass(.seconds(2)) }
        #expect(Set(driver.hashed).count == 606)
        #expect((2...4).contains(driver.batchesAtOnce))
    }

    private func touch(_ name: String) throws -> String {
        try shared.write([], to: name)
        return "\(shared.sharePath)/\(name)"
    }

    // MARK: With a database

    @Test("Files that stand as the database has them are offered without being hashed")
    func trusts() throws {
        for name in ["a", "b/c", "b/d"] { try shared.write(Pattern.bytes(100), to: name) }
        let rows = try ["a", "b/c", "b/d"].map { try shared.index($0) }
        driver.start(rows)
        #expect(driver.offered == ["a", "b/c", "b/d"] && driver.hashed == [] && driver.indexer.isReady)
        #expect(driver.indexer.rows.isEmpty)
        #expect(try driver.root("a") == rows[0].root)
    }

    @Test("Only what is new or other is hashed, and rows of what is gone are removed")
    func compares() throws {
        for name in ["same", "other", "gone"] { try shared.write(Pattern.bytes(100), to: name) }
        let rows = try ["same", "other", "gone"].map { try shared.index($0) }
        try FileManager.default.removeItem(atPath: "\(shared.sharePath)/gone")
        try shared.write(Pattern.bytes(101), to: "other")
        try shared.write([1], to: "new")
        driver.start(rows)
        #expect(driver.hashed.sorted() == ["new", "other"] && driver.offered == ["new", "other", "same"])
        #expect(driver.removedRows == ["gone"] && Set(driver.rows.keys) == ["new", "other"])
    }

    @Test("A file of which only the time of its last change is another is hashed before it is offered")
    func statusChange() throws {
        try shared.write(Pattern.bytes(100), to: "file")
        let row = try shared.index("file")
        usleep(20_000)
        chmod("\(shared.sharePath)/file", 0o640)
        driver.start([row])
        #expect(driver.hashed == ["file"] && driver.offered == ["file"])
        #expect(driver.rows["file"]?.identity.changed != row.identity.changed)
    }

    @Test("Files in a directory that was renamed while no daemon ran are not hashed")
    func renamedDirectory() throws {
        for name in ["old/a", "old/b"] { try shared.write(Pattern.bytes(100), to: name) }
        let rows = try ["old/a", "old/b"].map { try shared.index($0) }
        #expect(rename("\(shared.sharePath)/old", "\(shared.sharePath)/new") == 0)
        driver.start(rows)
        #expect(driver.offered == ["new/a", "new/b"] && driver.hashed == [])
        #expect(Set(driver.removedRows) == ["old/a", "old/b"] && Set(driver.rows.keys) == ["new/a", "new/b"])
    }

    @Test("A file that arrives by a download while the share is scanned is not indexed a second time")
    func delivered() throws {
        try shared.write(Pattern.bytes(100), to: "fetched")
        driver.load()
        let file = try shared.index("fetched")
        driver.deliver(file)
        driver.finish()
        #expect(driver.hashed == [] && driver.offered == ["fetched"])
    }

    // MARK: The first pass

    @Test("A file that was changed a moment ago is waited for, and then the index is ready")
    func waits() throws {
        try shared.write([1], to: "file")
        driver.age = .milliseconds(50)
        driver.start()
        #expect(driver.offered == [] && !driver.indexer.isReady && driver.states == ["file": "indexing"])
        driver.age = .seconds(1)
        driver.pass(.milliseconds(300))
        #expect(driver.offered == ["file"] && driver.indexer.isReady)
    }

    @Test("A file that is being written all the time does not keep the index from being ready for ever")
    func waitsNotForEver() throws {
        try shared.write([1], to: "file")
        driver.age = .milliseconds(50)
        driver.start()
        driver.pass(.seconds(4))
        #expect(!driver.indexer.isReady)
        driver.pass(.seconds(2))
        #expect(driver.indexer.isReady && driver.offered == [])
    }

    // MARK: Errors

    @Test("A name that is refused is an error with its cause, and the rest is indexed")
    func refusedName() throws {
        try shared.write([1], to: "evil\u{7}")
        try shared.write([1], to: "kept")
        driver.start()
        #expect(driver.offered == ["kept"] && progress.errors == 1 && driver.indexer.isReady)
        #expect(driver.states["evil\\u{7}"] == "error")
        #expect(driver.cause("evil\\u{7}") == "\(ShareNameError.controlCharacter)")
    }

    @Test("A file longer than pieces allow is an error that says so")
    func tooLong() throws {
        guard truncate(try touch("file"), off_t(PieceLayout.maxLength) + 1) == 0 else { return }
        driver.start()
        #expect(driver.states == ["file": "error"] && driver.indexer.isReady)
        #expect(driver.cause("file")?.contains("4398046511105 bytes") == true)
    }

    @Test("Errors are listed up to a number, and counted beyond it")
    func boundsErrors() throws {
        for index in 0..<IndexLimits.errorsListedMax + 20 { try shared.write([], to: "\u{7}\(index)") }
        driver.start()
        #expect(progress.errors == IndexLimits.errorsListedMax + 20)
        #expect(driver.states.count == IndexLimits.errorsListedMax)
        #expect(driver.notes.count { if case .refused = $0 { true } else { false } } == IndexLimits.errorsListedMax)
    }

    // MARK: Pages

    @Test("Pages give every file once in order, whatever its state, and what is no name at the end")
    func pages() throws {
        for index in 0..<10 { try shared.write([1], to: "f\(index)") }
        try shared.write([1], to: "\u{7}")
        driver.start()
        for index in [2, 5] { driver.change(.touched(try ShareName("f\(index)"), isWritten: true, cookie: nil)) }
        for limit in 1...12 {
            var (names, last): ([String], ShareName?) = ([], nil)
            while true {
                let page = driver.indexer.page(after: last, limit: limit, driver.catalog, unfit: [])
                names += page.files.map(\.name)
                #expect(!page.more || page.files.count == limit)
                guard page.more, let next = page.files.last else { break }
                last = try ShareName(next.name)
            }
            #expect(names == (0..<10).map { "f\($0)" } + ["\\u{7}"], "limit \(limit)")
        }
    }
}
