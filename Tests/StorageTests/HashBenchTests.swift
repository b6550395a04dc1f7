import Content
import Posix
import Testing

@testable import Storage

struct HashBenchTests {
    let scratch: Scratch
    let sample: Sample
    let file: OpenFile
    let bench = HashBench()

    init() throws {
        scratch = try Scratch()
        sample = try Sample(length: 2 * IndexStepTests.piece + 31)
        let share = try scratch.share()
        try scratch.write(sample.bytes, to: "file")
        file = try share.open(ShareName("file")).file
    }

    @Test("Pieces have the same digests in memory and in a file, whichever comes first")
    func digestsAgree() throws {
        for index in [2, 0, 1] {
            #expect(try bench.digest(of: index, in: file, sample.layout) == sample.layer[index])
            let inMemory = sample.piece(index).withUnsafeBytes { bench.digest(of: $0, index: index, sample.layout) }
            #expect(inMemory == sample.layer[index])
        }
        #expect(bench.root(of: sample.layer, sample.layout) == sample.root.digest)
    }

    @Test("A file that ends before the piece does has no digest")
    func noticesShortFile() throws {
        let layout = try #require(PieceLayout(length: sample.layout.length + 1))
        #expect(try bench.digest(of: 2, in: file, layout) == nil)
        #expect(try bench.digest(of: 1, in: file, layout) == sample.layer[1])
    }

    @Test("Reading through a range, even beyond the file's end, is harmless")
    func readsThrough() {
        bench.readThrough(file, offset: 0, count: sample.bytes.count)
        bench.readThrough(file, offset: UInt64(sample.bytes.count), count: 5 << 20)
        bench.readThrough(file, offset: 10, count: 0)
    }
}
