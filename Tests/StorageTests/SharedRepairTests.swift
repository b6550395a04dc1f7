import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct SharedRepairTests {
    private let scratch: Scratch
    private let share: Share
    private let sample: Sample
    private let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
        sample = try Sample(length: 2 * IndexStepTests.piece + 77)
    }

    private var path: String { "\(scratch.sharePath)/sub/file" }

    /// A file of which one byte is another, and what it was before.
    /// - Parameter isTold: the time of its last change is not the one that is known, as after a write.
    private func rotten(at place: Int, isTold: Bool = false) throws -> IndexedFile {
        try scratch.write(sample.bytes, to: "sub/file")
        let identity = try share.open(ShareName("sub/file")).identity
        usleep(20_000)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [sample.bytes[place] ^ 1])
        try FileIO.setModified(file.fileDescriptor, identity.modified)
        try file.close()
        let now = try share.open(ShareName("sub/file")).identity
        return IndexedFile(
            name: try ShareName("sub/file"), root: sample.root, identity: isTold ? identity : now, layer: sample.layer)
    }

    private func bad(_ members: Int...) -> PieceSet {
        var pieces = PieceSet(pieceCount: 3)
        for index in members { pieces.insert(index) }
        return pieces
    }

    private func put(_ bytes: [UInt8], _ index: Int, _ repair: SharedRepair) throws -> Bool {
        try bytes.withUnsafeBytes { try repair.store($0, index: index, with: bench) }
    }

    @Test("A bad piece is replaced by the right one, and the file is as old as it was")
    func repairs() throws {
        let known = try rotten(at: IndexStepTests.piece + 5)
        let repair = try #require(try SharedRepair.open(known, bad: bad(1), in: share))
        #expect(try put(sample.piece(1), 1, repair))
        let repaired = try repair.finish()
        let isRight = try scratch.bytes(of: "sub/file") == sample.bytes
        #expect(isRight)
        #expect(repaired.root == sample.root && repaired.identity.modified == known.identity.modified)
        #expect(repaired.identity == (try share.open(ShareName("sub/file")).identity))
    }

    @Test("Nothing is written but right pieces in the place of bad ones")
    func refuses() throws {
        let known = try rotten(at: 3)
        let repair = try #require(try SharedRepair.open(known, bad: bad(0), in: share))
        let before = try scratch.bytes(of: "sub/file")
        #expect(try !put(sample.piece(1), 1, repair))
        #expect(try !put(sample.piece(1), 0, repair))
        #expect(try !put(Array(sample.piece(0).dropLast()), 0, repair))
        #expect(try !put(sample.piece(0), 7, repair))
        let isUntouched = try scratch.bytes(of: "sub/file") == before
        #expect(isUntouched)
    }

    @Test("A file that was written to since it was indexed is somebody's work, not rot")
    func leavesChangedAlone() throws {
        let known = try rotten(at: 3)
        #expect(utimes(path, nil) == 0)
        #expect(try SharedRepair.open(known, bad: bad(0), in: share) == nil)
        try scratch.write(Array(sample.bytes.dropLast()), to: "sub/file")
        #expect(try SharedRepair.open(known, bad: bad(0), in: share) == nil)
    }

    @Test("A file that was written to and has its old time again is somebody's work, not rot")
    func leavesSecretWorkAlone() throws {
        let known = try rotten(at: 3, isTold: true)
        let now = try share.open(ShareName("sub/file")).identity
        #expect(now.hasSameBytes(as: known.identity) && now != known.identity)
        #expect(try SharedRepair.open(known, bad: bad(0), in: share) == nil)
    }

    @Test("A file that is gone, and a link in its place, are errors")
    func refusesOthers() throws {
        let known = try rotten(at: 3)
        try FileManager.default.moveItem(atPath: path, toPath: "\(scratch.path)/elsewhere")
        #expect(failure { _ = try SharedRepair.open(known, bad: bad(0), in: share) }?.isMissing == true)
        try scratch.link("sub/file", to: "\(scratch.path)/elsewhere")
        #expect(failure { _ = try SharedRepair.open(known, bad: bad(0), in: share) }?.isOtherKind == true)
    }

    // MARK: From a partial file

    private func partial(_ wanted: PieceSet, storing pieces: Int...) throws -> PartialFile {
        let store = try PartialStore(share: share, state: scratch.state(), peer: .sample)
        let partial = try store.open(
            ShareName("sub/file"), sample.root, sample.layer, serial: 1, wanted: wanted)
        for index in pieces {
            let isRight = try sample.piece(index).withUnsafeBytes { try partial.store($0, index: index, with: bench) }
            #expect(isRight)
        }
        return partial
    }

    @Test("A partial file that has the bad pieces makes the file whole")
    func runs() throws {
        let known = try rotten(at: IndexStepTests.piece + 5)
        let repaired = try SharedRepair.run(
            known, bad: bad(1), from: partial(bad(1), storing: 1), in: share, with: bench)
        let isRight = try scratch.bytes(of: "sub/file") == sample.bytes
        #expect(isRight && repaired.identity.modified == known.identity.modified)
    }

    @Test("A file of which nobody knows how old it was is as old as whoever knows says, after every piece")
    func agesAsTold() throws {
        let known = try rotten(at: 3)
        let repair = try #require(try SharedRepair.open(known, bad: bad(0), modified: 1_000_000_007, in: share))
        #expect(try put(sample.piece(0), 0, repair))
        #expect(try share.open(ShareName("sub/file")).identity.modified == 1_000_000_007)
        #expect(try repair.finish().identity.modified == 1_000_000_007)
    }

    @Test("A partial file takes the space of the pieces that are wanted, and no more")
    func takesLittle() throws {
        let partial = try partial(bad(1))
        var info = stat()
        #expect(fstat(partial.readable.rawValue, &info) == 0)
        #expect(UInt64(info.st_size) == sample.root.length)
        #expect((IndexStepTests.piece..<2 * IndexStepTests.piece).contains(Int(info.st_blocks) * 512))
    }

    @Test("A partial file that lost a piece repairs nothing by halves that would pass for whole")
    func lacksPiece() throws {
        let known = try rotten(at: 3)
        let partial = try partial(bad(0))
        do {
            _ = try SharedRepair.run(known, bad: bad(0), from: partial, in: share, with: bench)
            Issue.record("a piece of zeros was taken")
        } catch DeliveryError.damaged {}
    }

    @Test("A file that somebody wrote to is told as changed, and keeps what it has")
    func leavesWork() throws {
        let known = try rotten(at: 3)
        let partial = try partial(bad(0), storing: 0)
        try scratch.write(Array(repeating: 7, count: 100), to: "sub/file")
        do {
            _ = try SharedRepair.run(known, bad: bad(0), from: partial, in: share, with: bench)
            Issue.record("somebody's work was written over")
        } catch DeliveryError.changed {}
        let isUntouched = try scratch.bytes(of: "sub/file") == Array(repeating: 7, count: 100)
        #expect(isUntouched)
    }
}
