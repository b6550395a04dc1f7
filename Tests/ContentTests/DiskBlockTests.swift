import Content
import Testing

@Suite struct DiskBlockTests {
    @Test(
        "A file takes whole blocks",
        arguments: [
            (0, 0), (1, 4096), (4095, 4096), (4096, 4096), (4097, 8192), (UInt64.max - 4095, UInt64.max - 4095),
            (UInt64.max, UInt64.max),
        ] as [(UInt64, UInt64)])
    func taken(length: UInt64, bytes: UInt64) {
        #expect(DiskBlock(size: 4096).taken(by: length) == bytes)
    }

    @Test("A file system that tells no block size counts bytes")
    func none() {
        #expect(DiskBlock(size: 0).taken(by: 17) == 17)
    }
}
