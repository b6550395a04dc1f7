import Content
import Testing

@testable import PeerCore

@Suite struct SharedFileTests {
    @Test("The layer is a digest a piece, for a file of no, one or many pieces")
    func layers() throws {
        for pieces in [0, 1, 2, 100] {
            let file = try TestFile(pieces: pieces)
            #expect(file.shared.layer == file.layer)
            #expect(file.shared.renamed(try ShareName("x"), stamp: file.shared.stamp).layer == file.layer)
        }
    }

    @Test("It takes no more than 128 bytes")
    func size() {
        #expect(MemoryLayout<SharedFile>.stride <= 128)
        #expect(MemoryLayout<SharedFile?>.size <= 120)
    }
}
