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

    private static func whole(
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

    @Test("What an earlier run left is removed at the start, directories excepted")
    func removesLeftovers() throws {
        _ = try whole("file")
        try FileManager.default.createDirectory(
            atPath: "\(scratch.statePath)/partial/kept", withIntermediateDirectories: true)
        _ = try PartialStore(share: share, state: scratch.state(), peer: .sample)
        #expect(leftovers == ["kept"])
    }

    @Test("A leftover whose name is not UTF-8 does not keep the daemon from starting")
    func survivesStrangeLeftover() throws {
        try #require(Scratch.createFile([0xFF], in: "\(scratch.statePath)/partial"))
        #expect(failure { try PartialStore(share: share, state: scratch.state(), peer: .sample) } == nil)
    }

    // MARK: Delivery

    @Test("A delivered file stands whole at its name, in directories made for it, and no partial file is left")
    func delivers() throws {
        let file = try store.deliver(try whole("new/deep/file"), replacing: false, sync: true)
        #expect(try scratch.bytes(of: "new/deep/file") == sample.bytes)
        #expect(file.root == sample.root && file.layer == sample.layer)
        #expect(file.identity == (try share.open(ShareName("new/deep/file")).identity))
        #expect(leftovers.isEmpty)
    }

    @Test("An empty file is delivered too")
    func deliversEmptyFile() throws {
        let empty = try store.open(ShareName("empty"), .empty, [], serial: 1)
        #expect(try store.deliver(empty, replacing: false, sync: false).identity.size == 0)
        #expect(try scratch.bytes(of: "empty").isEmpty)
    }

    @Test("A file that stands at the name is not replaced unless that is wanted")
    func replacesNothing() throws {
        try scratch.write([1, 2, 3], to: "file")
        let partial = try whole("file")
        #expect(failure { try store.deliver(partial, replacing: false, sync: true) }?.alreadyExists == true)
        #expect(try scratch.bytes(of: "file") == [1, 2, 3])
        try store.discard(partial)
        #expect(leftovers.isEmpty)
    }

    @Test("A file that is to be replaced is replaced in one step")
    func replaces() throws {
        try scratch.write([1, 2, 3], to: "file")
        _ = try store.deliver(try whole("file"), replacing: true, sync: true)
        #expect(try scratch.bytes(of: "file") == sample.bytes)
        #expect(leftovers.isEmpty)
    }

    @Test("A link at the name is neither followed nor replaced", arguments: [false, true])
    func leavesLinksAlone(_ isDangling: Bool) throws {
        try Data([5]).write(to: URL(fileURLWithPath: "\(scratch.path)/outside"))
        try scratch.link("file", to: isDangling ? "nowhere" : "../outside")
        #expect(failure { try store.deliver(try whole("file"), replacing: false, sync: false) } != nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/outside")) == Data([5]))
    }

    @Test("A directory at the name is not replaced, even when replacing is wanted")
    func leavesDirectoriesAlone() throws {
        try scratch.write([1], to: "file/inner")
        #expect(failure { try store.deliver(try whole("file"), replacing: true, sync: false) } != nil)
        #expect(try scratch.bytes(of: "file/inner") == [1])
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
        _ = try store.deliver(partial, replacing: false, sync: true)
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
        _ = try store.deliver(partial, replacing: false, sync: false)
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
