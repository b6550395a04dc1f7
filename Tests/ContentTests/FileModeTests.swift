import Content
import Testing

@Suite struct FileModeTests {
    @Test("A mode has permissions and nothing else, whatever it is made of")
    func bits() {
        #expect(FileMode(bits: 0o777)?.bits == 0o777)
        #expect(FileMode(bits: 0o1000) == nil)
        #expect(FileMode(of: 0o107751).bits == 0o751)
    }

    @Test("Its owner may read a file of the share and do all with a directory; others may what they may")
    func owner() {
        #expect(FileMode(of: 0).forFile.bits == 0o400)
        #expect(FileMode(of: 0o244).forFile.bits == 0o644)
        #expect(FileMode(of: 0).forDirectory.bits == 0o700)
        #expect(FileMode(of: 0o055).forDirectory.bits == 0o755)
    }
}
