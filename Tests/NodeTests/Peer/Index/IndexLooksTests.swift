import Content
import Foundation
import PeerCore
import Posix
import Storage
import Testing

@testable import Node

/// What the indexer makes of what happens to a share while it is offered.
struct IndexLooksTests {
    private let shared: Shared
    private let driver: IndexDriver
    private let name: ShareName

    /// One file is offered, `a`, of 100 bytes.
    init() throws {
        shared = try Shared()
        driver = try IndexDriver(watching: shared)
        name = try ShareName("a")
        try shared.write(Pattern.bytes(100), to: "a")
        driver.start()
        try driver.hear()
        driver.pass(.seconds(10))
        try #require(driver.offered == ["a"] && driver.hashed == ["a"])
    }

    private func path(_ name: String) -> String { "\(shared.sharePath)/\(name)" }

    /// Writes to a file that is there, without making another of it.
    private func append(_ count: Int, to name: String) throws {
        let file = open(path(name), O_WRONLY | O_APPEND | O_CREAT, 0o600)
        defer { close(file) }
        let bytes = [UInt8](repeating: 7, count: count)
        try #require(write(file, bytes, count) == count)
    }

    // MARK: Change

    @Test("A file that is written to is withdrawn at the first sign, and offered anew when it has been quiet")
    func written() throws {
        let old = try driver.root("a")
        try append(1, to: "a")
        try driver.hear()
        #expect(driver.offered == [] && driver.states == ["a": "changed"] && driver.jobs.isEmpty)
        driver.pass(.milliseconds(299))
        #expect(driver.offered == [] && driver.looks == 0)
        driver.pass(.milliseconds(1))
        #expect(driver.offered == ["a"] && driver.hashed == ["a", "a"])
        #expect(try driver.root("a") != old && driver.root("a")?.length == 101)
        #expect(driver.rows["a"]?.root.length == 101)
    }

    @Test("A file that is written slowly is not looked at before it is finished, and then within 600 ms")
    func writtenSlowly() throws {
        for _ in 0..<20 {
            try append(10, to: "slow")
            try driver.hear()
            driver.pass(.milliseconds(250))
            #expect(driver.offered == ["a"] && driver.hashed == ["a"])
        }
        driver.pass(.milliseconds(350))
        #expect(driver.offered == ["a", "slow"] && driver.hashed == ["a", "slow"])
        #expect(try driver.root("slow")?.length == 200)
    }

    @Test("A file that is written to while it waits, is looked at or is hashed is not offered as it was then")
    func disturbed() throws {
        for step in 0..<3 {
            try append(1, to: "file")
            try driver.hear()
            driver.advanceToJob()
            // It is looked at, queued and hashed, each in a job of its own.
            for _ in 0..<min(step, 1) { driver.work() }
            if step == 2 { #expect(driver.states["file"] == "indexing") }
            try append(1, to: "file")
            try driver.hear()
            driver.finish()
            #expect(driver.offered == ["a"])
        }
        driver.pass(.seconds(5))
        #expect(try driver.root("file")?.length == 6)
    }

    @Test("A file that is changed time and again while it is hashed is said to keep changing, and waited for longer")
    func keepsChanging() throws {
        try append(1, to: "file")
        try driver.hear()
        for _ in 0..<6 {
            driver.advanceToJob()
            driver.work()
            // Between the look and the hashing.
            try append(1, to: "file")
            driver.finish()
        }
        #expect(driver.states["file"] == "error" && driver.cause("file")?.contains("keeps changing") == true)
        #expect(driver.notes.contains(.keepsChanging(try ShareName("file"))))
        let quiet = driver.indexer.unsettled[try ShareName("file")].map { $0.due - driver.now } ?? 0
        #expect(quiet >= 5_000_000_000)
        driver.pass(.seconds(70))
        #expect(driver.offered == ["a", "file"])
    }

    @Test("A file that was touched without being changed stays offered and is not hashed")
    func untouched() throws {
        close(open(path("a"), O_WRONLY))
        try driver.hear()
        #expect(driver.states == ["a": "ready"])
        driver.pass(.seconds(1))
        #expect(driver.looks == 1 && driver.hashed == ["a"] && driver.log == ["offer a"])
    }

    @Test("A file with another mode stays offered while it is hashed again")
    func mode() throws {
        usleep(20_000)
        chmod(path("a"), 0o640)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.hashed == ["a", "a"] && !driver.log.contains("withdraw a"))
        #expect(driver.rows["a"]?.identity.changed == driver.catalog[name]?.stamp.changed)
    }

    @Test(
        "Bytes that are others under an unchanged time of writing are a new version, seen or not",
        arguments: [true, false])
    func editedInSecret(_ isSeen: Bool) throws {
        let known = try driver.root("a")
        let row = try #require(driver.rows["a"])
        try edit("a", at: 50)
        #expect(try shared.share.open(name).identity.hasSameBytes(as: row.identity))
        let driver = isSeen ? driver : try IndexDriver(watching: shared)
        if isSeen { try driver.hear() } else { driver.start([row]) }
        driver.pass(.seconds(1))
        #expect(driver.states == ["a": "ready"] && driver.indexer.rottenNames(below: nil) == [])
        #expect(try driver.root("a") != known && driver.root("a")?.length == 100)
    }

    /// A file that was found to be another than it is known as.
    private func rot() throws -> SharedFile {
        let file = try #require(driver.catalog[name])
        let root = FileRoot(digest: .zero, length: file.root.length)
        let known = SharedFile(name: name, root: root, stamp: file.stamp, layer: [.zero])
        driver.indexer.rotted(known, at: driver.now)
        driver.proceed()
        try #require(driver.offered == [] && driver.indexer.rotten(name) == known)
        return known
    }

    @Test("A rotten file stays so with another mode, and is a new version when somebody writes to it")
    func rotten() throws {
        let known = try rot()
        usleep(20_000)
        chmod(path("a"), 0o600)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.states == ["a": "error"] && driver.indexer.rotten(name)?.root == known.root)
        #expect(driver.indexer.rotten(name)?.identity == (try shared.share.open(name).identity))
        try edit("a", at: 7)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["a"] && driver.indexer.rottenNames(below: nil) == [])
    }

    @Test("Without watches a rotten file that was written to in secret is a new version")
    func rottenUnwatched() throws {
        let driver = IndexDriver(shared)
        driver.start()
        let file = try #require(driver.catalog[name])
        let known = FileRoot(digest: .zero, length: file.root.length)
        driver.indexer.rotted(
            SharedFile(name: name, root: known, stamp: file.stamp, layer: [.zero]), at: driver.now)
        driver.pass(.seconds(100))
        #expect(driver.states == ["a": "error"] && driver.indexer.rotten(name)?.root == known)
        try edit("a", at: 7)
        driver.pass(.seconds(100))
        #expect(driver.offered == ["a"] && driver.indexer.rottenNames(below: nil) == [])
    }

    @Test(
        "A rotten file is rotten at the next start, and a new version if it was written to before",
        arguments: [true, false])
    func rottenAtStart(_ isEdited: Bool) throws {
        let known = try rot()
        let row = try #require(driver.rows["a"])
        if isEdited { try edit("a", at: 7) }
        let next = try IndexDriver(watching: shared)
        next.start([row])
        next.pass(.seconds(1))
        #expect(next.offered == (isEdited ? ["a"] : []))
        #expect(next.indexer.rotten(name) == (isEdited ? nil : known))
        #expect(isEdited || next.rows["a"] == row)
    }

    @Test(
        "A file in which a daemon died while it repaired it is rotten, with the version that it was; a later edit is new",
        arguments: [true, false])
    func halfRepaired(_ isEdited: Bool) throws {
        let known = try rot()
        let row = try #require(driver.rows["a"])
        var bad = PieceSet(pieceCount: 1)
        bad.insert(0)
        let begun = WallClock.nanoseconds() - (isEdited ? 600_000_000_000 : 0)
        let mending = Mending(inode: known.stamp.inode, modified: known.stamp.modified, begun: begun)
        try shared.write([1, 2, 3] + [UInt8](repeating: 9, count: 97), to: "a")
        let identity = try shared.share.open(name).identity
        let next = try IndexDriver(watching: shared)
        next.indexer.mended[name] = MendedFile(
            root: known.root, layer: known.layer, bad: bad,
            mending: Mending(inode: identity.inode, modified: mending.modified, begun: mending.begun))
        next.start([row])
        next.pass(.seconds(1))
        #expect(next.offered == (isEdited ? ["a"] : []))
        #expect(next.indexer.rotten(name)?.root == (isEdited ? nil : known.root))
        #expect(isEdited || next.indexer.rotten(name)?.identity == identity)
        #expect(isEdited == (next.indexer.mended[name] == nil))
    }

    @Test("A rotten file that cannot be read at the next start is rotten still")
    func rottenAndUnreadable() throws {
        let known = try rot()
        let row = try #require(driver.rows["a"])
        let next = try IndexDriver(watching: shared)
        next.load([row])
        while next.indexer.batches == 0 { next.work() }
        next.failToHash(name)
        #expect(next.indexer.rotten(name) == known)
    }

    /// Changes a byte and sets the time of the last write to what it was.
    private func edit(_ name: String, at offset: Int) throws {
        var info = stat()
        try #require(stat(path(name), &info) == 0)
        usleep(20_000)
        let file = open(path(name), O_RDWR)
        defer { close(file) }
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, offset) == 1)
        byte ^= 0x10
        try #require(pwrite(file, &byte, 1, offset) == 1)
        try #require(futimens(file, [info.st_atim, info.st_mtim]) == 0)
    }

    // MARK: Coming and going

    @Test("A file that is removed is withdrawn at once, and its row with it")
    func removed() throws {
        try FileManager.default.removeItem(atPath: path("a"))
        try driver.hear()
        #expect(driver.offered == [])
        driver.pass(.seconds(1))
        #expect(driver.states == [:] && driver.removedRows == ["a"])
    }

    @Test("A file that was fetched and recorded is not hashed, though the watches tell of it")
    func delivered() throws {
        try shared.write(Pattern.bytes(9), to: "fetched")
        try driver.hear()
        driver.deliver(try shared.index("fetched"))
        driver.pass(.seconds(1))
        #expect(driver.offered == ["a", "fetched"] && driver.hashed == ["a"] && driver.states["fetched"] == "ready")
    }

    @Test("A file that is renamed is known at once under its new name, without being hashed")
    func renamed() throws {
        let known = try driver.root("a")
        #expect(rename(path("a"), path("b")) == 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["b"] && driver.hashed == ["a"])
        #expect(try driver.root("b") == known && driver.removedRows == ["a"])
        #expect(driver.rows["b"]?.identity == (try shared.index("b").identity))
    }

    @Test("A file that is renamed and then written to, or has a second name, is hashed", arguments: [true, false])
    func renamedAndWritten(_ isWritten: Bool) throws {
        #expect(rename(path("a"), path("b")) == 0)
        if isWritten { try append(1, to: "b") } else { #expect(link(path("b"), shared.path + "/second") == 0) }
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["b"] && driver.hashed == ["a", "b"])
    }

    @Test("A file that went out of the share and came back is hashed: it may have been written to meanwhile")
    func outAndBack() throws {
        #expect(rename(path("a"), shared.path + "/out") == 0)
        try driver.hear()
        #expect(rename(shared.path + "/out", path("b")) == 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["b"] && driver.hashed == ["a", "b"])
    }

    @Test("A file put in another's place by a rename is offered as what it is")
    func replaced() throws {
        try Data(Pattern.bytes(200)).write(to: URL(fileURLWithPath: shared.path + "/new"))
        #expect(rename(shared.path + "/new", path("a")) == 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(try driver.root("a")?.length == 200)
        #expect(driver.hashed == ["a", "a"] && driver.log == ["offer a", "withdraw a", "offer a"])
    }

    @Test("A file that cannot be opened is an error with its cause, until that changes", .enabled(if: geteuid() != 0))
    func unreadable() throws {
        try append(5, to: "shut")
        chmod(path("shut"), 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.states["shut"] == "error" && driver.cause("shut")?.contains("Permission denied") == true)
        chmod(path("shut"), 0o600)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.states["shut"] == "ready")
    }

    @Test("A file that a disk fails to read is tried again by itself, and said to be an error once")
    func retried() throws {
        try append(5, to: "new")
        try driver.hear()
        for _ in 0..<3 {
            driver.advanceToJob()
            driver.failToLook()
            #expect(driver.states["new"] == "error")
        }
        let told = driver.notes.count { if case .failed = $0 { true } else { false } }
        #expect(told == 1)
        driver.pass(.seconds(29))
        #expect(driver.states["new"] == "error")
        driver.pass(.seconds(2))
        #expect(driver.states["new"] == "ready")
    }

    @Test("Links, pipes and directories in the place of a file are no errors")
    func otherKinds() throws {
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("a"))
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.states == ["a": "ready"])
    }

    @Test("A name that cannot be shared is an error as long as it is there")
    func refused() throws {
        try append(1, to: "evil\u{7}")
        try driver.hear()
        #expect(driver.states["evil\\u{7}"] == "error")
        #expect(unlink(path("evil\u{7}")) == 0)
        try driver.hear()
        #expect(driver.states == ["a": "ready"])
    }

    // MARK: Directories

    @Test("Files in a directory that is made or moved in are found, at whatever depth, and watched from then on")
    func movedIn() throws {
        try FileManager.default.createDirectory(atPath: shared.path + "/d/e", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: shared.path + "/d/e/one"))
        #expect(rename(shared.path + "/d", path("d")) == 0)
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["a", "d/e/one"])
        try append(3, to: "d/e/two")
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(driver.offered == ["a", "d/e/one", "d/e/two"])
    }

    @Test("A directory that is moved within the share takes its files along, and none is hashed")
    func movedWithin() throws {
        for index in 0..<5 { try shared.write(Pattern.bytes(index), to: "d/e/\(index)") }
        try driver.hear()
        driver.pass(.seconds(1))
        let hashed = driver.hashed.count
        #expect(rename(path("d"), path("moved")) == 0)
        try driver.hear()
        driver.pass(.seconds(10))
        #expect(driver.offered == ["a"] + (0..<5).map { "moved/e/\($0)" })
        #expect(driver.hashed.count == hashed && driver.indexer.departed.isEmpty)
        // It is watched where it is now.
        try append(3, to: "moved/e/1")
        try driver.hear()
        driver.pass(.seconds(1))
        #expect(try driver.root("moved/e/1")?.length == 4)
    }

    @Test(
        "A directory that is moved out or removed withdraws all below it, however many files", arguments: [true, false])
    func gone(_ isMoved: Bool) throws {
        for index in 0..<IndexLimits.withdrawnAtOnce + 10 { try shared.write([1], to: "d/\(index % 7)/\(index)") }
        try driver.hear()
        // A process that another test starts has all descriptors for a moment: a file may seem to be written for longer.
        for _ in 0..<20 where driver.offered.count < IndexLimits.withdrawnAtOnce + 11 { driver.pass(.seconds(2)) }
        #expect(driver.offered.count == IndexLimits.withdrawnAtOnce + 11)
        let watched = driver.indexer.watcher.count
        if isMoved {
            #expect(rename(path("d"), shared.path + "/away") == 0)
        } else {
            try FileManager.default.removeItem(atPath: path("d"))
        }
        try driver.hear()
        driver.pass(.seconds(2))
        #expect(driver.offered == ["a"] && driver.rows.count == 1 && driver.states.count == 1)
        #expect(driver.indexer.watcher.count == watched - 8)
    }

    // MARK: Without events

    @Test("After events were lost everything is looked at, and only what is other is hashed")
    func lost() throws {
        for name in ["d/kept", "d/changed", "gone"] { try shared.write([1], to: name) }
        try driver.hear()
        driver.pass(.seconds(10))
        let before = driver.hashed
        try FileManager.default.removeItem(atPath: path("gone"))
        try append(1, to: "d/changed")
        try shared.write([1], to: "new/file")
        try driver.deafen()
        driver.change(.lost)
        #expect(driver.indexer.progress(driver.catalog).state == .scanning && !driver.indexer.isReady)
        driver.pass(.seconds(5))
        #expect(driver.indexer.isReady)
        #expect(driver.offered == ["a", "d/changed", "d/kept", "new/file"] && driver.notes.contains(.rescan))
        #expect(driver.hashed.dropFirst(before.count).sorted() == ["d/changed", "new/file"])
        #expect(try driver.root("d/changed")?.length == 2)
        try append(1, to: "new/file")
        try driver.hear()
        #expect(driver.states["new/file"] == "changed")
    }

    @Test("However often events are lost, the share is not looked through more often than every two seconds")
    func boundsRescans() {
        var scans = 0
        for _ in 0..<100 {
            driver.change(.lost)
            scans += driver.jobs.count
            driver.pass(.milliseconds(100))
        }
        #expect((1...6).contains(scans))
        #expect(driver.notes.count { $0 == .rescan } <= 7)
    }
}

/// A share whose directories cannot be watched.
struct PollingTests {
    @Test("It is looked through every 30 s, with one warning")
    func polls() throws {
        let shared = try Shared()
        let driver = IndexDriver(shared)
        try shared.write([1], to: "a")
        driver.start()
        #expect(driver.offered == ["a"])
        try shared.write([1, 2], to: "a")
        try shared.write([1], to: "b")
        driver.pass(.seconds(29))
        #expect(driver.offered == ["a"])
        driver.pass(.seconds(2))
        #expect(driver.offered == ["a", "b"])
        #expect(try driver.root("a")?.length == 2)
        try FileManager.default.removeItem(atPath: "\(shared.sharePath)/b")
        driver.pass(.seconds(31))
        #expect(driver.offered == ["a"] && driver.hashed.sorted() == ["a", "a", "b"])
        #expect(driver.notes.count { if case .polling = $0 { true } else { false } } == 1)
        #expect(driver.indexer.isReady)
    }
}
