import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct PartialStoreTests {
    let scratch: Scratch
    let share: Share
    let store: PartialStore
    let sample: Sample
    let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
        store = try PartialStore(share: share, state: scratch.state(), peer: .sample)
        sample = try Sample(length: IndexStepTests.piece + 5)
    }

    private var leftovers: [String] { Scratch.entries(of: "\(scratch.statePath)/partial") }

    /// A partial file with all its pieces.
    private func whole(_ name: String, serial: UInt64 = 1) throws -> PartialFile {
        try PartialStoreTests.whole(name, sample, in: store, serial: serial)
    }

    static func whole(
        _ name: String, _ sample: Sample, in store: PartialStore, serial: UInt64 = 1
    ) throws -> PartialFile {
        let partial = try store.open(ShareName(name), sample.root, sample.layer, serial: serial)
        for index in 0..<sample.layout.pieceCount {
            let isRight = try sample.piece(index).withUnsafeBytes {
                try partial.store($0, index: index, with: HashBench())
            }
            #expect(isRight)
        }
        return partial
    }

    // MARK: Opening

    @Test("A partial file has the file's length at once, and is no file of the share")
    func reservesLength() throws {
        let partial = try store.open(ShareName("file"), sample.root, sample.layer, serial: 7)
        #expect(try FileIO.identity(of: partial.file.rawValue).identity.size == sample.root.length)
        #expect(leftovers == ["\(sample.root.digest.hex).7"])
        #expect(Scratch.entries(of: scratch.sharePath).isEmpty)
    }

    @Test("Two downloads of one root have a partial file each")
    func tellsDownloadsApart() throws {
        _ = try store.open(ShareName("a"), sample.root, sample.layer, serial: 1)
        _ = try store.open(ShareName("b"), sample.root, sample.layer, serial: 2)
        #expect(leftovers.count == 2)
    }

    @Test("A file that does not fit is told as a full disk, and leaves nothing behind")
    func tellsFullDisk() throws {
        let memory = try Scratch(in: Scratch.otherFileSystem)
        let store = try PartialStore(share: memory.share(), state: memory.state(), peer: .sample)
        let root = FileRoot(digest: sample.root.digest, length: PieceLayout.maxLength)
        let error = failure { try store.open(ShareName("huge"), root, [], serial: 1) }
        #expect(error?.isOutOfSpace == true)
        #expect(error?.operation == "reserve \(PieceLayout.maxLength) bytes for huge in")
        #expect(Scratch.entries(of: "\(memory.statePath)/partial").isEmpty)
    }

    @Test("A discarded partial file is gone")
    func discards() throws {
        try store.discard(try whole("file"))
        #expect(leftovers.isEmpty)
    }

    // MARK: Leftovers

    @Test("Partial files that no download needs are removed, and nothing else that lies there")
    func removesLeftovers() throws {
        let kept = try whole("a", serial: 1).fileName
        _ = try whole("b", serial: 2)
        let strange = ["notes.txt", "\(kept).backup", "abc.7", ".7", String(repeating: "g", count: 64) + ".7"]
        for name in strange { try Data([1]).write(to: URL(fileURLWithPath: "\(scratch.statePath)/partial/\(name)")) }
        let directory = String(kept.dropLast()) + "9"
        try FileManager.default.createDirectory(
            atPath: "\(scratch.statePath)/partial/\(directory)", withIntermediateDirectories: true)
        #expect(try store.removeAll(except: [kept]).isEmpty)
        #expect(leftovers == (strange + [kept, directory]).sorted())
        #expect(try store.removeAll(except: []).isEmpty)
        #expect(leftovers == (strange + [directory]).sorted())
    }

    @Test("A leftover whose name is not UTF-8 keeps nothing from being removed")
    func survivesStrangeLeftover() throws {
        _ = try whole("a")
        try #require(Scratch.createFile([0xFF], in: "\(scratch.statePath)/partial"))
        #expect(try store.removeAll(except: []).isEmpty)
        #expect(leftovers.count == 1)
    }

    @Test("What a daemon left that died before it recorded the file is not taken over")
    func clearsLeftover() throws {
        let left = try whole("a", serial: 4)
        let again = try store.open(ShareName("a"), sample.root, sample.layer, serial: 4)
        #expect(again.fileName == left.fileName)
        let bytes = try FileIO.bytes(of: again.file.rawValue, limit: sample.bytes.count + 1)
        let isZero = bytes == [UInt8](repeating: 0, count: sample.bytes.count)
        #expect(isZero)
    }

    @Test("A link, directory or pipe where a partial file should be is left alone, and the file has another name")
    func passesOver() throws {
        let first = try whole("a", serial: 4).fileName
        let path = "\(scratch.statePath)/partial/\(first)"
        let target = "\(scratch.path)/target"
        try Data([7]).write(to: URL(fileURLWithPath: target))
        for obstacle in [{ symlink(target, path) }, { mkdir(path, 0o700) }, { mkfifo(path, 0o600) }] {
            #expect(Glibc.remove(path) == 0 && obstacle() == 0)
            let other = try whole("a", serial: 4)
            #expect(other.fileName != first && PartialStore.isOurs(other.fileName))
            guard
                case .ready(let again) = try store.reopen(
                    other.record(PieceSet(pieceCount: 2)), as: ShareName("a"), sample.root, synced: true)
            else {
                Issue.record("it is not taken up again")
                return
            }
            #expect(again.fileName == other.fileName)
            try store.discard(other)
            #expect(leftovers == [first])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data([7]))
    }

    // MARK: Reopening

    private func reopen(
        _ record: PartialRecord, root: FileRoot? = nil, synced: Bool = true, boot: String = "this boot"
    ) throws -> PartialStore.Reopened {
        let store = try PartialStore(share: share, state: scratch.state(), peer: .sample, bootID: boot)
        return try store.reopen(record, as: ShareName("file"), root ?? sample.root, synced: synced)
    }

    /// Pieces 0 and 1 are there.
    private func recorded(_ boot: String = "this boot", record: [Int] = [0, 1]) throws -> PartialRecord {
        let store = try PartialStore(share: share, state: scratch.state(), peer: .sample, bootID: boot)
        let partial = try PartialStoreTests.whole("file", sample, in: store)
        var pieces = PieceSet(pieceCount: sample.layout.pieceCount)
        for index in record { pieces.insert(index) }
        return partial.record(pieces)
    }

    private func path(_ record: PartialRecord) -> String { "\(scratch.statePath)/partial/\(record.fileName)" }

    @Test(
        "A partial file that nobody else wrote to is believed, by the same daemon's record", arguments: [false, true])
    func believesSealed(_ synced: Bool) throws {
        let record = try recorded()
        guard case .ready(let partial) = try reopen(record, synced: synced) else {
            Issue.record("doubted")
            return
        }
        #expect(partial.root == sample.root && partial.name.path == "file" && partial.layer == sample.layer)
        #expect(partial.record(record.pieces) == record)
        _ = try store.deliver(partial, replacing: false, keepingBackup: false, modified: nil, sync: false)
        let isSame = try scratch.bytes(of: "file") == sample.bytes
        #expect(isSame)
    }

    @Test("After a reboot what was synced is believed, and what was not is doubted")
    func doubtsUnsyncedAfterReboot() throws {
        let record = try recorded("earlier boot")
        #expect(try name(reopen(record, synced: true)) == "ready")
        #expect(try name(reopen(record, synced: false)) == "doubtful")
    }

    @Test("Where the kernel does not tell its boots apart, what was not synced is always doubted")
    func doubtsWithoutBootID() throws {
        let record = try recorded("")
        #expect(try name(reopen(record, synced: false, boot: "")) == "doubtful")
        #expect(try name(reopen(record, synced: true, boot: "")) == "ready")
    }

    @Test("Another device number is another file, unless there was a reboot between")
    func comparesDevice() throws {
        let record = try recorded()
        let other = PartialRecord(
            fileName: record.fileName, device: record.device + 1, inode: record.inode, bootID: record.bootID,
            seal: record.seal,
            layer: record.layer, pieces: record.pieces)
        #expect(try name(reopen(other)) == "doubtful")
        #expect(try name(reopen(other, boot: "next boot")) == "ready")
    }

    private func name(_ reopened: PartialStore.Reopened) -> String {
        switch reopened {
        case .missing: "missing"
        case .ready: "ready"
        case .doubtful: "doubtful"
        }
    }

    @Test("A partial file that is gone, or no file any more, is missing")
    func tellsMissing() throws {
        let record = try recorded()
        try FileManager.default.removeItem(atPath: path(record))
        #expect(try name(reopen(record)) == "missing")
        try FileManager.default.createSymbolicLink(atPath: path(record), withDestinationPath: "/etc/passwd")
        #expect(try name(reopen(record)) == "missing")
        try FileManager.default.removeItem(atPath: path(record))
        try FileManager.default.createDirectory(atPath: path(record), withIntermediateDirectories: false)
        #expect(try name(reopen(record)) == "missing")
    }

    @Test(
        "A record that names no partial file of ours, or does not fit the root, opens nothing",
        arguments: ["../peer-id", "", ".", "x", "/etc/passwd"])
    func refusesStrangeNames(_ fileName: String) throws {
        let record = try recorded()
        let strange = PartialRecord(
            fileName: fileName, device: record.device, inode: record.inode, bootID: record.bootID, seal: record.seal,
            layer: record.layer,
            pieces: record.pieces)
        #expect(try name(reopen(strange)) == "missing")
        let longer = FileRoot(digest: sample.root.digest, length: sample.root.length + UInt64(IndexStepTests.piece))
        #expect(try name(reopen(record, root: longer)) == "missing")
        let endless = FileRoot(digest: sample.root.digest, length: .max)
        #expect(try name(reopen(record, root: endless)) == "missing")
    }

    enum Tampering: CaseIterable {
        case written, truncated, lengthened, emptied, replaced, touched
    }

    @Test("A partial file that somebody wrote to is doubted, and has its length again", arguments: Tampering.allCases)
    func doubtsTampered(_ tampering: Tampering) throws {
        let record = try recorded()
        try apply(tampering, path(record))
        guard case .doubtful = try reopen(record) else {
            Issue.record("believed")
            return
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: path(record))
        #expect(attributes[.size] as? Int == sample.bytes.count)
        #expect(try name(reopen(record)) == "doubtful")
        #expect(try name(reopen(recordWithoutPieces(record))) == "ready")
    }

    @Test("A piece that is stored before the result of a verification is recorded makes nobody believe the old record")
    func outdatesRecord() throws {
        let record = try recorded()
        try apply(.written, path(record))
        guard case .doubtful(let verification) = try reopen(record),
            case .done(let partial, let good, _) = try verification.run(with: bench)
        else {
            Issue.record("believed, or not done in one step")
            return
        }
        let isStored = try sample.piece(0).withUnsafeBytes { try partial.store($0, index: 0, with: bench) }
        #expect(isStored)
        #expect(try name(reopen(record)) == "doubtful")
        #expect(try name(reopen(partial.record(good))) == "ready")
    }

    private func recordWithoutPieces(_ record: PartialRecord) -> PartialRecord {
        var none = record
        none.pieces = PieceSet(pieceCount: record.pieces.pieceCount)
        return none
    }

    private func apply(_ tampering: Tampering, _ path: String) throws {
        switch tampering {
        case .written:
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.write(contentsOf: [sample.bytes[0]])
            try file.close()
        case .truncated: #expect(truncate(path, 5) == 0)
        case .lengthened: #expect(truncate(path, off_t(sample.bytes.count + 1)) == 0)
        case .emptied: #expect(truncate(path, 0) == 0)
        case .replaced:
            // Even one that looks alike, time and all.
            try FileManager.default.moveItem(atPath: path, toPath: path + "x")
            try FileManager.default.copyItem(atPath: path + "x", toPath: path)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try FileIO.setModified(file.fileDescriptor, PartialFile.firstSeal)
        case .touched: #expect(utimes(path, nil) == 0)
        }
    }

    // MARK: Other file systems

    @Test("State on another file system puts partial files inside the share, where one rename delivers them")
    func worksAcrossFileSystems() throws {
        let memory = try Scratch(in: Scratch.otherFileSystem)
        let state = try memory.state()
        try #require(try !state.sharesMount(with: share.directory))
        let store = try PartialStore(share: share, state: state, peer: .sample)
        let partial = try PartialStoreTests.whole("sub/file", sample, in: store)
        #expect(
            Scratch.entries(of: "\(scratch.sharePath)/\(ShareName.reserved)/partial-\(PeerID.sample.hex)").count == 1)
        guard case .done(let report) = ScanStep(nil, baseline: ShareBaseline(), inotify: nil).run(in: share) else {
            Issue.record("it takes several steps")
            return
        }
        #expect(report.found.isEmpty)
        _ = try store.deliver(partial, replacing: false, keepingBackup: false, modified: nil, sync: true)
        #expect(try scratch.bytes(of: "sub/file") == sample.bytes)
        #expect(Scratch.entries(of: "\(scratch.sharePath)/\(ShareName.reserved)/partial-\(PeerID.sample.hex)").isEmpty)
    }

    @Test("One file system mounted twice puts partial files inside the share too", .enabled(if: BindMount.isPossible))
    func worksAcrossMounts() throws {
        _ = try scratch.state()
        let mount = try BindMount(of: scratch.statePath, at: "\(scratch.path)/elsewhere")
        defer { mount.unmount() }
        let state = try Directory(path: mount.path)
        let store = try PartialStore(share: share, state: state, peer: .sample)
        let partial = try PartialStoreTests.whole("file", sample, in: store)
        _ = try store.deliver(partial, replacing: false, keepingBackup: false, modified: nil, sync: false)
        let isSame = try scratch.bytes(of: "file") == sample.bytes
        #expect(isSame)
        #expect(leftovers.isEmpty)
    }

    @Test("A link in the place of the daemon's own directory is not followed")
    func followsNoReservedLink() throws {
        let memory = try Scratch(in: Scratch.otherFileSystem)
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/outside", withIntermediateDirectories: true)
        try scratch.link(ShareName.reserved, to: "../outside")
        #expect(failure { try PartialStore(share: share, state: memory.state(), peer: .sample) } != nil)
        #expect(Scratch.entries(of: "\(scratch.path)/outside").isEmpty)
    }
}
