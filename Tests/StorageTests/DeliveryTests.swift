import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct DeliveryTests {
    private let scratch: Scratch
    private let share: Share
    private let store: PartialStore
    private let sample: Sample

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
        store = try PartialStore(share: share, state: scratch.state(), peer: .sample)
        sample = try Sample(length: IndexStepTests.piece + 5)
    }

    private var leftovers: [String] { Scratch.entries(of: "\(scratch.statePath)/partial") }

    private func whole(_ name: String, serial: UInt64 = 1) throws -> PartialFile {
        try PartialStoreTests.whole(name, sample, in: store, serial: serial)
    }

    private func deliver(
        _ partial: PartialFile, replacing: Bool = false, keepingBackup: Bool = false, modified: Int64? = nil,
        mode: FileMode? = nil, sync: Bool = false
    ) throws -> DeliveredFile {
        try store.deliver(
            partial, replacing: replacing, keepingBackup: keepingBackup, modified: modified, mode: mode, sync: sync)
    }

    private func refusal(_ body: () throws -> Void) -> DeliveryError? {
        do { try body() } catch { return error as? DeliveryError }
        return nil
    }

    @Test("A delivered file stands whole at its name, in directories made for it, and no partial file is left")
    func delivers() throws {
        let delivery = try deliver(try whole("new/deep/file"), sync: true)
        let isSame = try scratch.bytes(of: "new/deep/file") == sample.bytes
        #expect(isSame)
        #expect(delivery.file.root == sample.root && delivery.file.layer == sample.layer)
        #expect(delivery.file.identity == (try share.open(ShareName("new/deep/file")).identity))
        #expect(delivery.backup == nil && leftovers.isEmpty)
    }

    @Test("A share that this process may not write to takes no file, and says so", .enabled(if: geteuid() != 0))
    func closedShare() throws {
        try store.checkTakes(ShareName("new/deep/file"))
        try #require(chmod(scratch.sharePath, 0o555) == 0)
        defer { chmod(scratch.sharePath, 0o755) }
        #expect { try store.checkTakes(ShareName("new/deep/file")) } throws: { ($0 as? SystemError)?.code == EACCES }
    }

    @Test("A file gets the mode that it is said to have, and that its owner may read it, whatever the umask")
    func mode() throws {
        for (number, (given, made)) in [(0o600, 0o600), (0o777, 0o777), (0o044, 0o444)].enumerated() {
            let name = "file \(number)"
            let file = try deliver(try whole(name), mode: FileMode(of: UInt32(given))).file
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.sharePath)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == made)
            #expect(file.identity == (try share.open(ShareName(name)).identity))
        }
    }

    @Test("A file that could not be delivered goes on, though its mode lets nobody write to it any more")
    func readOnly() throws {
        try scratch.write([1], to: "file")
        let partial = try whole("file")
        let error = refusal { _ = try deliver(partial, mode: FileMode(of: 0o444)) }
        guard case .occupied? = error else { throw CocoaError(.fileReadUnknown) }
        var pieces = PieceSet(pieceCount: sample.layout.pieceCount)
        for index in 0..<sample.layout.pieceCount { pieces.insert(index) }
        let record = partial.record(pieces)
        guard case .ready = try store.reopen(record, as: partial.name, sample.root, synced: true) else {
            Issue.record("it is not taken over")
            return
        }
    }

    @Test("An empty file is delivered too")
    func deliversEmptyFile() throws {
        let empty = try store.open(ShareName("empty"), .empty, [], serial: 1)
        #expect(try deliver(empty).file.identity.size == 0)
        #expect(try scratch.bytes(of: "empty").isEmpty)
    }

    @Test("A share that is not where it was is no place to deliver to: the partial file is kept")
    func refusesLostShare() throws {
        let partial = try whole("file")
        let elsewhere = share.directory.path + ".elsewhere"
        #expect(rename(share.directory.path, elsewhere) == 0)
        let error = refusal { _ = try deliver(partial) }
        #expect(error?.system.subject == share.directory.path && error?.system.isMissing == true)
        #expect(leftovers.count == 1 && !FileManager.default.fileExists(atPath: elsewhere + "/file"))
        #expect(rename(elsewhere, share.directory.path) == 0)
        _ = try deliver(partial)
        #expect(try scratch.bytes(of: "file") == sample.bytes)
    }

    // MARK: Age

    @Test("A delivered file is as old as its version, and never from the future", arguments: [true, false])
    func keepsAge(_ sync: Bool) throws {
        #expect(
            try deliver(try whole("old"), modified: 1_000_000, sync: sync).file.identity.modifiedSeconds == 1_000_000)
        #expect(try deliver(try whole("older"), modified: -5, sync: sync).file.identity.modified == -5_000_000_000)
        for (name, modified) in [("now", nil), ("soon", WallClock.seconds() + 90), ("never", .max)]
            as [(String, Int64?)]
        {
            let identity = try deliver(try whole(name), modified: modified, sync: sync).file.identity
            #expect(abs(identity.modifiedSeconds - WallClock.seconds()) < 20, "\(name)")
        }
        #expect(try deliver(try whole("long ago"), modified: .min, sync: sync).file.identity.modified <= 0)
    }

    // MARK: What stands there

    @Test(
        "A file that stands at the name is not replaced unless that is wanted, and the partial file stays",
        arguments: [true, false])
    func replacesNothing(_ keepingBackup: Bool) throws {
        try scratch.write([1, 2, 3], to: "file")
        let partial = try whole("file")
        guard case .occupied = refusal({ _ = try deliver(partial, keepingBackup: keepingBackup) }) else {
            Issue.record("not refused")
            return
        }
        #expect(try scratch.bytes(of: "file") == [1, 2, 3])
        #expect(Scratch.entries(of: scratch.sharePath) == ["file"])
        // It is believed by the next daemon as it was before.
        var pieces = PieceSet(pieceCount: 2)
        pieces.insert(0..<2)
        guard
            case .ready = try store.reopen(partial.record(pieces), as: partial.name, sample.root, synced: true)
        else {
            Issue.record("doubted")
            return
        }
    }

    @Test("A file that is to be replaced is replaced in one step")
    func replaces() throws {
        try scratch.write([1, 2, 3], to: "file")
        #expect(try deliver(try whole("file"), replacing: true, sync: true).backup == nil)
        let isSame = try scratch.bytes(of: "file") == sample.bytes
        #expect(isSame)
        #expect(leftovers.isEmpty && Scratch.entries(of: scratch.sharePath) == ["file"])
    }

    @Test("A link at the name is neither followed nor replaced", arguments: [false, true])
    func leavesLinksAlone(_ isDangling: Bool) throws {
        try Data([5]).write(to: URL(fileURLWithPath: "\(scratch.path)/outside"))
        try scratch.link("file", to: isDangling ? "nowhere" : "../outside")
        #expect(refusal { _ = try deliver(try whole("file")) } != nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/outside")) == Data([5]))
    }

    @Test("A directory at the name is not replaced, even when replacing is wanted", arguments: [false, true])
    func leavesDirectoriesAlone(_ keepingBackup: Bool) throws {
        try scratch.write([1], to: "file/inner")
        #expect(refusal { _ = try deliver(try whole("file"), replacing: true, keepingBackup: keepingBackup) } != nil)
        #expect(try scratch.bytes(of: "file/inner") == [1])
        #expect(Scratch.entries(of: scratch.sharePath) == ["file"])
    }

    // MARK: Backups

    @Test(
        "A replaced file is kept under the lowest number that is free, and none is written over",
        arguments: [true, false])
    func keepsBackup(_ sync: Bool) throws {
        try scratch.write([1, 2, 3], to: "sub/file")
        try scratch.write([9], to: "sub/file.~1~")
        try scratch.write([8], to: "sub/file.~3~")
        let old = try share.open(ShareName("sub/file")).identity
        let delivery = try deliver(try whole("sub/file"), replacing: true, keepingBackup: true, sync: sync)
        #expect(delivery.backup?.path == "sub/file.~2~")
        #expect(try share.open(ShareName("sub/file.~2~")).identity.hasSameBytes(as: old))
        #expect(try scratch.bytes(of: "sub/file.~1~") == [9] && scratch.bytes(of: "sub/file.~3~") == [8])
        let isSame = try scratch.bytes(of: "sub/file") == sample.bytes
        #expect(isSame && leftovers.isEmpty)
    }

    @Test("Where nothing stands there is nothing to keep")
    func keepsNothing() throws {
        #expect(try deliver(try whole("file"), replacing: true, keepingBackup: true).backup == nil)
        #expect(Scratch.entries(of: scratch.sharePath) == ["file"])
    }

    @Test("A link that is replaced is kept as a link")
    func keepsLink() throws {
        try scratch.link("file", to: "nowhere")
        #expect(try deliver(try whole("file"), replacing: true, keepingBackup: true).backup?.path == "file.~1~")
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: "\(scratch.sharePath)/file.~1~")
        #expect(target == "nowhere")
    }

    @Test("A file whose name has no room for a number is not replaced, and says so")
    func refusesLongName() throws {
        let name = String(repeating: "n", count: 253)
        try scratch.write([1], to: name)
        let partial = try whole(name)
        let error = refusal { _ = try deliver(partial, replacing: true, keepingBackup: true) }
        #expect(error?.system.code == ENAMETOOLONG)
        #expect(try scratch.bytes(of: name) == [1])
        #expect(try deliver(partial, replacing: true).backup == nil)
    }

    @Test("Nobody who looks ever finds the name absent while a file is replaced")
    func leavesNoGap() throws {
        try scratch.write([1], to: "file")
        let path = "\(scratch.sharePath)/file"
        let partials = try (1...60).map { try whole("file", serial: $0) }
        let isDone = Flag()
        let watcher = Thread {
            while !isDone.isSet { if access(path, F_OK) != 0 { isDone.misses += 1 } }
            isDone.end()
        }
        watcher.start()
        for partial in partials { _ = try deliver(partial, replacing: true, keepingBackup: true) }
        isDone.set()
        isDone.waitForEnd()
        #expect(isDone.misses == 0)
        #expect(Scratch.entries(of: scratch.sharePath).count == 61)
    }

    /// Tells a thread to end, and waits for that.
    private final class Flag: @unchecked Sendable {
        private let condition = NSCondition()
        private var (isOver, isEnded) = (false, false)
        var misses = 0

        var isSet: Bool { condition.withLock { isOver } }
        func set() { condition.withLock { isOver = true } }
        func end() {
            condition.withLock {
                isEnded = true
                condition.signal()
            }
        }
        func waitForEnd() { condition.withLock { while !isEnded { condition.wait() } } }
    }

    // MARK: Damage

    @Test(
        "A partial file of another length is not delivered, and no directory stays that was made for it",
        arguments: [-1, 1])
    func refusesWrongLength(_ change: Int) throws {
        let partial = try whole("new/deep/file")
        #expect(truncate(partial.file.path, off_t(sample.bytes.count + change)) == 0)
        guard case .touched = refusal({ _ = try deliver(partial) }) else {
            Issue.record("delivered")
            return
        }
        #expect(Scratch.entries(of: scratch.sharePath).isEmpty)
        var pieces = PieceSet(pieceCount: 2)
        pieces.insert(0..<2)
        guard
            case .doubtful = try store.reopen(partial.record(pieces), as: partial.name, sample.root, synced: true)
        else {
            Issue.record("believed")
            return
        }
    }

    @Test("A partial file that somebody wrote to, unseen, is not delivered", arguments: [false, true])
    func refusesTouched(_ sync: Bool) throws {
        let partial = try whole("file")
        let other = try #require(FileHandle(forWritingAtPath: partial.file.path))
        try other.write(contentsOf: [sample.bytes[0] ^ 1])
        try FileIO.setModified(other.fileDescriptor, PartialFile.firstSeal)
        try other.close()
        guard case .touched = refusal({ _ = try deliver(partial, sync: sync) }) else {
            Issue.record("delivered")
            return
        }
        #expect(Scratch.entries(of: scratch.sharePath).isEmpty)
        #expect(leftovers == [partial.fileName])
    }

    @Test("What stands at the path of a partial file that was taken away is not delivered", arguments: [false, true])
    func refusesDisplaced(_ isReplaced: Bool) throws {
        let partial = try whole("file")
        try FileManager.default.removeItem(atPath: partial.file.path)
        if isReplaced { try Data([1]).write(to: URL(fileURLWithPath: partial.file.path)) }
        guard case .displaced = refusal({ _ = try deliver(partial) }) else {
            Issue.record("delivered")
            return
        }
        #expect(Scratch.entries(of: scratch.sharePath).isEmpty)
    }
}
