import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct PartialFileTests {
    let scratch: Scratch
    let store: PartialStore
    let sample: Sample
    let partial: PartialFile
    let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        store = try PartialStore(share: scratch.share(), state: scratch.state(), peer: .sample)
        sample = try Sample(length: 2 * IndexStepTests.piece + 77)
        partial = try store.open(ShareName("file"), sample.root, sample.layer, serial: 1)
    }

    private func put(_ bytes: [UInt8], _ index: Int) throws -> Bool {
        try bytes.withUnsafeBytes { try partial.store($0, index: index, with: bench) }
    }

    private func contents() throws -> [UInt8] { try FileIO.bytes(of: partial.file.rawValue, limit: 1 << 24) }

    @Test("Right pieces land in their places, in whatever order they come")
    func storesInPlace() throws {
        for index in [2, 0, 1] { #expect(try put(sample.piece(index), index)) }
        #expect(try contents() == sample.bytes)
    }

    @Test("A wrong piece is refused and nothing of it is written")
    func refusesWrongBytes() throws {
        var wrong = sample.piece(1)
        wrong[wrong.count - 1] ^= 1
        #expect(try !put(wrong, 1))
        #expect(try contents() == [UInt8](repeating: 0, count: sample.bytes.count))
    }

    @Test("The right bytes at the wrong place are refused")
    func refusesWrongPlace() throws {
        #expect(try !put(sample.piece(0), 1))
        #expect(try contents().allSatisfy { $0 == 0 })
    }

    @Test("Bytes of another length than the piece's are refused", arguments: [0, 1, 76, 78])
    func refusesWrongLength(_ length: Int) throws {
        let bytes = Array((sample.piece(2) + [0, 0]).prefix(length))
        #expect(try !put(bytes, 2))
        #expect(try contents().allSatisfy { $0 == 0 })
    }

    @Test("A piece that the file does not have is refused", arguments: [-1, 3, 1 << 20])
    func refusesIndexBeyond(_ index: Int) throws {
        #expect(try !put(sample.piece(0), index))
    }

    @Test("A piece that cannot be written is an error that names the piece, the file and the errno")
    func namesWriteFailure() throws {
        let readOnly = try PartialFile(
            name: partial.name, root: sample.root, layout: sample.layout, layer: sample.layer, fileName: "x",
            file: OpenFile(try scratch.state().openFile("partial/\(partial.fileName)"), path: "/the/path"),
            in: scratch.state(), bootID: "")
        let error = failure {
            try sample.piece(1).withUnsafeBytes { try readOnly.store($0, index: 1, with: bench) }
        }
        #expect(error?.description == "write piece 1 of file to /the/path: Bad file descriptor (errno 9)")
    }

    // MARK: The seal

    private func isSealed() throws -> Bool {
        try FileIO.identity(of: partial.file.rawValue).identity.modified == PartialFile.firstSeal
    }

    @Test("A partial file is sealed when it is made and after every piece, and whoever else writes breaks the seal")
    func seals() throws {
        #expect(try isSealed())
        #expect(try put(sample.piece(1), 1))
        #expect(try isSealed())
        let other = try #require(FileHandle(forWritingAtPath: partial.file.path))
        try other.write(contentsOf: [1])
        try other.close()
        #expect(try !isSealed())
        // A piece that was refused is no write of ours.
        #expect(try !put(sample.piece(0), 1))
        #expect(try !isSealed())
    }

    // MARK: Others

    enum Touch: CaseIterable {
        case written, truncated, lengthened
        /// With the time of modification as it was.
        case writtenInSecret
        case linked
    }

    private func apply(_ touch: Touch) throws {
        let path = partial.file.path
        switch touch {
        case .written, .writtenInSecret:
            let other = try #require(FileHandle(forWritingAtPath: path))
            try other.write(contentsOf: [1])
            if touch == .writtenInSecret { try FileIO.setModified(other.fileDescriptor, PartialFile.firstSeal) }
            try other.close()
        case .truncated: #expect(truncate(path, 100) == 0)
        case .lengthened: #expect(truncate(path, off_t(sample.bytes.count + 1)) == 0)
        case .linked: #expect(link(path, path + ".second") == 0)
        }
    }

    @Test("What somebody else does to the file is noticed with the next piece", arguments: Touch.allCases)
    func noticesBeforeWrite(_ touch: Touch) throws {
        #expect(try put(sample.piece(0), 0))
        #expect(!partial.isTouched && partial.isServable)
        let before = partial.shownSeal
        try apply(touch)
        // What is served is compared by what the kernel tells of the bytes, since another name ends no upload.
        #expect(partial.isServable == (touch == .linked || touch == .writtenInSecret))
        #expect(try put(sample.piece(1), 1))
        #expect(partial.isTouched && !partial.isServable)
        #expect(partial.shownSeal != before)
        #expect(try partial.check() == .touched)
    }

    @Test("It is noticed with a sync, and when the file is looked at", arguments: Touch.allCases)
    func noticesAtSync(_ touch: Touch) throws {
        try apply(touch)
        try partial.sync()
        #expect(partial.isTouched)
        let other = try store.open(ShareName("other"), sample.root, sample.layer, serial: 2)
        #expect(try other.check() == .untouched)
        #expect(truncate(other.file.path, 0) == 0)
        #expect(try other.check() == .touched)
    }

    @Test("What this daemon does itself is no touch: pieces, syncs, refused bytes, a write that fails")
    func knowsItself() throws {
        for index in 0..<3 { #expect(try put(sample.piece(index), index)) }
        #expect(try !put(sample.piece(0), 1))
        try partial.sync()
        partial.setSeal()
        #expect(try partial.check() == .untouched)
        #expect(partial.isServable)
    }

    @Test("A file that was removed, moved or replaced is displaced", arguments: [0, 1, 2])
    func displaced(_ way: Int) throws {
        let path = partial.file.path
        if way == 0 { #expect(unlink(path) == 0) } else { #expect(rename(path, path + ".away") == 0) }
        if way == 2 { try Data(sample.bytes).write(to: URL(fileURLWithPath: path)) }
        #expect(try partial.check() == .displaced)
    }

    @Test("The record says which file it is and what of it is good")
    func records() throws {
        var pieces = PieceSet(pieceCount: 3)
        pieces.insert(2)
        let record = partial.record(pieces)
        let identity = try FileIO.identity(of: partial.file.rawValue).identity
        #expect(record.fileName == partial.fileName && record.inode == identity.inode)
        #expect(record.device == identity.device && record.layer == sample.layer && record.pieces == pieces)
        #expect(record.bootID == Boot.id())
    }

    @Test("What was synced is durable with its seal, and a sync that fails says what is lost")
    func syncs() throws {
        #expect(try put(sample.piece(0), 0))
        try partial.sync()
        #expect(try isSealed())
        // A pipe cannot be synced, as a failing disk cannot.
        let pipe = Pipe()
        let broken = try PartialFile(
            name: partial.name, root: sample.root, layout: sample.layout, layer: sample.layer, fileName: "x",
            file: OpenFile(FileDescriptor(owning: dup(pipe.fileHandleForWriting.fileDescriptor)), path: "/the/path"),
            in: scratch.state(), bootID: "")
        let error = #expect(throws: SyncError.self) { try broken.sync() }
        #expect(
            error?.description
                == "sync /the/path: Invalid argument (errno 22); what was written since the last sync is lost")
    }
}
