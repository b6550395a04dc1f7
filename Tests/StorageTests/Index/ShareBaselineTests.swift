import Content
import Posix
import Testing

@testable import Storage

struct ShareBaselineTests {
    private func identity(inode: UInt64, changed: Int64 = 5) -> FileIdentity {
        FileIdentity(device: 1, inode: inode, size: 3, modified: 4, changed: changed)
    }

    @Test("Every name is found at its position, and no other", arguments: [0, 1, 2, 3, 100, 1025])
    func positions(_ count: Int) throws {
        var baseline = ShareBaseline()
        let names = (0..<count).map { String($0 * 2 + 10_000) }
        for (index, name) in names.enumerated() { baseline.append(try ShareName(name), identity(inode: UInt64(index))) }
        baseline.prepare()
        for (index, name) in names.enumerated() {
            #expect(baseline.position(of: try ShareName(name)) == index)
            #expect(baseline.position(of: try ShareName(String(index * 2 + 10_001))) == nil)
        }
        for name in ["0", "x"] { #expect(baseline.position(of: try ShareName(name)) == nil) }
    }

    @Test("A file is the same only if nothing at all about it has changed")
    func same() throws {
        var baseline = ShareBaseline()
        for inode in 0..<10 as Range<UInt64> { baseline.append(try ShareName("f\(inode)"), identity(inode: inode)) }
        #expect(baseline.position(sameAs: identity(inode: 7)) == 7)
        #expect(baseline.position(sameAs: identity(inode: 7, changed: 6)) == nil)
        #expect(baseline.position(sameAs: identity(inode: 11)) == nil)
    }
}
