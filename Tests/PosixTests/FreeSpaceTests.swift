import Posix
import Testing

@Suite struct FreeSpaceTests {
    @Test("What is free is some of what there is, and less after a file has taken its share")
    func tellsSpace() throws {
        let scratch = try Scratch()
        let directory = try scratch.directory()
        let before = try directory.freeSpace()
        #expect(before.available > 0 && before.available <= before.total)
        let file = try directory.createFile("f")
        try FileIO.reserve(file.rawValue, 0..<(512 << 20))
        // Others write too; half of it is no accident.
        #expect(try directory.freeSpace().available + (256 << 20) < before.available)
    }
}
