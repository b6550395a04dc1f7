import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct VerifyStepTests {
    private let scratch: Scratch
    private let share: Share
    private let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
    }

    private var path: String { "\(scratch.sharePath)/file" }

    private func indexed(length: Int) throws -> IndexedFile {
        try scratch.write(try Sample(length: length).bytes, to: "file")
        var step = try IndexStep(ShareName("file"), in: share)
        while true {
            switch try step.run(in: share, with: bench) {
            case .more(let next, _): step = next
            case .done(let file): return file
            case .changed, .openForWriting: throw CocoaError(.fileReadUnknown)
            }
        }
    }

    private func verify(_ file: IndexedFile) throws -> VerifyStep.Verdict {
        var step = try #require(VerifyStep(file))
        while true {
            switch try step.run(in: share, with: bench) {
            case .more(let next): step = next
            case .done(let verdict, _): return verdict
            }
        }
    }

    /// Changes a byte and sets the time of the last write to what it was.
    private func edit(at offset: Int) throws {
        var info = stat()
        try #require(stat(path, &info) == 0)
        let file = open(path, O_RDWR)
        defer { close(file) }
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, offset) == 1)
        byte ^= 0x10
        try #require(pwrite(file, &byte, 1, offset) == 1)
        try #require(futimens(file, [info.st_atim, info.st_mtim]) == 0)
    }

    /// Changes a byte.
    /// - Returns: the file as it would be known if that had changed no time of it, as rot does not.
    private func rot(_ file: IndexedFile, at offset: Int) throws -> IndexedFile {
        try edit(at: offset)
        let identity = try share.open(file.name).identity
        return IndexedFile(name: file.name, root: file.root, identity: identity, layer: file.layer)
    }

    @Test("A file as it was indexed is right, whatever its length", arguments: [0, 1, 1 << 20, (17 << 20) + 3])
    func right(_ length: Int) throws {
        #expect(try verify(indexed(length: length)) == .ok)
    }

    @Test("Of a rotten file exactly the pieces are good whose bytes are", arguments: [0, 1, 67, 68])
    func rotten(_ index: Int) throws {
        let layout = try #require(PieceLayout(length: (17 << 20) + 3))
        let file = try rot(indexed(length: (17 << 20) + 3), at: Int(layout.offset(of: index)) + 2)
        var good = PieceSet(pieceCount: 69)
        good.insert(0..<69)
        good.remove(index)
        #expect(try verify(file) == .rotten(good: good))
    }

    @Test("A small file that rotted has no good piece")
    func small() throws {
        let file = try rot(indexed(length: 3), at: 1)
        #expect(try verify(file) == .rotten(good: PieceSet(pieceCount: 1)))
    }

    @Test("A file that was written to, shortened or replaced is changed, not rotten")
    func changed() throws {
        let file = try indexed(length: 5000)
        #expect(truncate(path, 4999) == 0)
        #expect(try verify(file) == .changed)
        try scratch.write(try Sample(length: 5000).bytes, to: "file")
        #expect(try verify(file) == .changed)
    }

    @Test("A file that was written to and has its old time again is changed, not rotten")
    func changedInSecret() throws {
        let file = try indexed(length: 5000)
        usleep(20_000)
        try edit(at: 9)
        #expect(try share.open(file.name).identity.modified == file.identity.modified)
        #expect(try verify(file) == .changed)
    }

    @Test("A file that is changed between two steps is changed")
    func changedMeanwhile() throws {
        let file = try indexed(length: (17 << 20) + 3)
        guard case .more(let next) = try #require(VerifyStep(file)).run(in: share, with: bench) else {
            Issue.record("there is no second step")
            return
        }
        #expect(truncate(path, 5) == 0)
        guard case .done(.changed, _) = try next.run(in: share, with: bench) else {
            Issue.record("the change was not noticed")
            return
        }
    }

    @Test("What is gone, or no file any more, is missing")
    func missing() throws {
        let file = try indexed(length: 10)
        try FileManager.default.removeItem(atPath: path)
        #expect(try verify(file) == .missing)
        #expect(mkdir(path, 0o700) == 0)
        #expect(try verify(file) == .missing)
    }

    @Test("A file with another mode or a second name is verified all the same")
    func statusChange() throws {
        let file = try indexed(length: 10)
        usleep(20_000)
        #expect(chmod(path, 0o640) == 0)
        #expect(try verify(file) == .ok)
    }
}
