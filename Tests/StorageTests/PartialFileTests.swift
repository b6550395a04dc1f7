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
            file: OpenFile(try scratch.state().openFile("partial/\(partial.fileName)"), path: "/the/path"), bootID: "")
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
            bootID: "")
        let error = #expect(throws: SyncError.self) { try broken.sync() }
        #expect(
            error?.description
                == "sync /the/path: Invalid argument (errno 22); what was written since the last sync is lost")
    }
}
