import Content
import Testing
import Wire

@testable import PeerCore

@Suite struct CatalogTests {
    @Test("Two names of one content are one root, found as long as one name is left")
    func twoNames() throws {
        let (first, second) = (try TestFile("b", pieces: 2), try TestFile("a", pieces: 2))
        var catalog = Catalog()
        catalog.insert(first.shared)
        catalog.insert(second.shared)
        #expect(catalog.count == 2 && catalog.bytes == 4 << 20)
        #expect(catalog.file(for: .digest(first.root.digest))?.name == second.name)
        catalog.remove(second.name)
        #expect(catalog.file(root: first.root)?.name == first.name)
        catalog.remove(first.name)
        #expect(catalog.file(root: first.root) == nil && catalog.bytes == 0)
    }

    @Test("A file indexed again under its name replaces what was there")
    func replaces() throws {
        let (old, new) = (try TestFile(pieces: 2, version: 1), try TestFile(pieces: 5, version: 2))
        var catalog = Catalog()
        catalog.insert(old.shared)
        catalog.insert(new.shared)
        #expect(catalog.count == 1 && catalog.bytes == 5 << 20)
        #expect(catalog.file(root: old.root) == nil)
        #expect(catalog[new.name]?.root == new.root)
    }

    @Test("The right digest with another length is not the root")
    func length() throws {
        let file = try TestFile(pieces: 2)
        var catalog = Catalog()
        catalog.insert(file.shared)
        #expect(catalog.file(for: .root(FileRoot(digest: file.root.digest, length: 1))) == nil)
    }

    @Test("Removing what is not there changes nothing")
    func removesNothing() throws {
        var catalog = Catalog()
        catalog.remove(try ShareName("x"))
        #expect(catalog.count == 0)
    }

    @Test("Pages give every file once, in the order of the names' bytes")
    func pages() throws {
        var catalog = Catalog()
        let names = ["B", "a", "a/b", "ab", "é", "語"]
        for name in names.shuffled() { catalog.insert(try TestFile(name, pieces: 1).shared) }
        var seen: [String] = []
        var last: ShareName?
        while true {
            let (files, more) = catalog.page(after: last, limit: 4)
            seen += files.map(\.name.path)
            last = files.last?.name
            if !more { break }
        }
        #expect(seen == names)
    }
}
