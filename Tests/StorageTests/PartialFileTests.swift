import Content
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
        let readOnly = PartialFile(
            name: partial.name, root: sample.root, layout: sample.layout, layer: sample.layer, fileName: "x",
            file: OpenFile(try scratch.state().openFile("partial/\(partial.fileName)"), path: "/the/path"))
        let error = failure {
            try sample.piece(1).withUnsafeBytes { try readOnly.store($0, index: 1, with: bench) }
        }
        #expect(error?.description == "write piece 1 of file to /the/path: Bad file descriptor (errno 9)")
    }
}
