import Content
import TestSupport
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

    @Test("A backup is not offered, not even one that was fetched under such a name")
    func backup() throws {
        var catalog = Catalog()
        catalog.insert(try TestFile("a.~1~", pieces: 1).shared)
        #expect(catalog.count == 0)
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

    @Test("Whatever is inserted and removed, it is as a dictionary has it", arguments: Seeded.seeds(3))
    func random(seed: UInt64) throws {
        var random = Seeded(seed)
        var (catalog, model) = (Catalog(), [ShareName: SharedFile]())
        for _ in 0..<3000 {
            let name = "\(Int.random(in: 0..<5, using: &random))/\(Int.random(in: 0..<200, using: &random))"
            let file = try TestFile(name, pieces: 1, version: .random(in: 0..<20, using: &random))
            if Bool.random(using: &random) {
                catalog.insert(file.shared)
                model[file.name] = file.shared
            } else {
                catalog.remove(file.name)
                model[file.name] = nil
            }
            #expect(catalog[file.name] == model[file.name])
            let some = catalog.file(root: file.root)
            #expect(
                some.map { model[$0.name] == $0 && $0.root == file.root } ?? !model.values.contains {
                    $0.root == file.root
                })
        }
        #expect(catalog.count == model.count && catalog.bytes == UInt64(model.count) << 20)
        var all: [SharedFile] = []
        catalog.forEach { all.append($0) }
        #expect(all == model.values.sorted { $0.name < $1.name })
        let below = all.filter { $0.name.path.utf8.starts(with: "3/".utf8) }
        let directory = try ShareName("3")
        #expect(catalog.files(below: directory, limit: 1000) == below)
        #expect(catalog.files(below: directory, after: below[1].name, limit: 3) == Array(below[2..<5]))
    }

    @Test("Files that are all alike are as quickly removed as others")
    func alike() throws {
        var catalog = Catalog()
        let files = try (0..<20_000).map { try TestFile("\($0)", pieces: 0).shared }
        for file in files { catalog.insert(file) }
        let clock = ContinuousClock()
        let took = clock.measure { for file in files { catalog.remove(file.name) } }
        #expect(catalog.count == 0 && catalog.file(root: files[0].root) == nil)
        // One pass over the chain for each file would be two hundred million steps.
        #expect(took < .seconds(5))
    }

    @Test("A file that is settling is not offered, and known to be on its way until it is offered or gone")
    func settling() throws {
        let file = try TestFile("a", pieces: 1)
        var catalog = Catalog()
        catalog.insert(file.shared)
        catalog.suspend(file.name)
        #expect(catalog.count == 0 && catalog.isSettling(.name(file.name)))
        catalog.insert(file.shared)
        #expect(!catalog.isSettling(.name(file.name)))
        catalog.suspend(file.name)
        catalog.remove(file.name)
        #expect(!catalog.isSettling(.name(file.name)))
    }

    @Test("Pages and directories of a share of one file, and of none, have no end that is missed")
    func smallest() throws {
        var catalog = Catalog()
        #expect(catalog.page(after: nil, limit: 1).files.isEmpty && !catalog.page(after: nil, limit: 1).more)
        catalog.insert(try TestFile("d/a", pieces: 1).shared)
        #expect(catalog.page(after: nil, limit: 1).files.count == 1 && !catalog.page(after: nil, limit: 1).more)
        #expect(catalog.page(after: try ShareName("d/a"), limit: 1).files.isEmpty)
        #expect(catalog.files(below: try ShareName("d"), limit: 9).count == 1)
        #expect(catalog.files(below: try ShareName("d/a"), limit: 9).isEmpty)
    }
}
