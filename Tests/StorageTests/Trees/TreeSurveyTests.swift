import Content
import Foundation
import Posix
import Testing

@testable import Storage

@Suite struct TreeSurveyTests {
    private let source: TreeScratch
    private let target: TreeScratch
    private let manifest: Manifest

    init() throws {
        source = try TreeScratch()
        target = try TreeScratch()
        try source.scratch.write([1, 2, 3], to: "top/models/a.bin")
        try source.scratch.write([4], to: "top/models/sub/b")
        try source.setMode(0o755, of: "top/models/sub/b")
        try source.makeDirectory("top/models/void/deep")
        try source.scratch.write([], to: "top/models/zero")
        manifest = try #require(try source.make("top/models")).manifest
    }

    private func missing(_ state: TreeState) -> [String] { state.missing.map { manifest.path(at: Int($0)) } }

    private func obstacles(_ state: TreeState) -> [String: TreeState.Obstacle] {
        Dictionary(uniqueKeysWithValues: state.obstacles.map { (manifest.path(at: Int($0.index)), $0.obstacle) })
    }

    @Test("In an empty share every file is missing, and every directory is made, empty ones too")
    func empty() throws {
        let state = try target.survey(manifest)
        #expect(missing(state) == ["a.bin", "sub/b", "zero"])
        #expect((state.missingRoom, state.present, state.obstacles.count) == (2 * state.block.size, 0, 0))
        #expect(
            target.names == ["top/", "top/models/", "top/models/sub/", "top/models/void/", "top/models/void/deep/"])
    }

    @Test("No room is needed for a missing file that has reserved its own; that of another version is no such file")
    func reserved() throws {
        let index = try #require(manifest.index(of: "a.bin"))
        let name = manifest.name(at: index)
        for (root, blocks) in [(manifest.root(at: index), 1), (FileRoot(digest: .zero, length: 1), 2)] {
            let state = try target.survey(manifest, reserved: [name: #require(root)])
            #expect(state.missingRoom == UInt64(blocks) * state.block.size && state.missing.count == 3)
        }
    }

    @Test("What is there with the same content is present, known or not")
    func present() throws {
        try target.scratch.write([1, 2, 3], to: "top/models/a.bin")
        try target.scratch.write([4], to: "top/models/sub/b")
        try target.setMode(0o755, of: "top/models/sub/b")
        let name = try ShareName("top/models/sub/b")
        let known = try #require(source.root(of: name))
        let state = try target.survey(manifest, known: [name: known])
        #expect(missing(state) == ["zero"])
        #expect((state.present, state.presentBytes) == (2, 4))
    }

    @Test("What is known of a file is believed, so that nothing is hashed")
    func believed() throws {
        try target.scratch.write([0, 0, 0], to: "top/models/a.bin")
        let name = try ShareName("top/models/a.bin")
        let root = try #require(source.root(of: name))
        #expect(missing(try target.survey(manifest, known: [name: root])) == ["sub/b", "zero"])
    }

    @Test("A file of other content stands in the way, or is missing if it may be replaced")
    func other() throws {
        try target.scratch.write([0, 0, 0], to: "top/models/a.bin")
        try target.scratch.write([4, 5], to: "top/models/sub/b")
        let local = try #require(target.root(of: try ShareName("top/models/a.bin")))
        let found = obstacles(try target.survey(manifest))
        #expect(found == ["a.bin": .other(local), "sub/b": .occupied("a file of 2 bytes")])
        #expect(missing(try target.survey(manifest, replacing: true)) == ["a.bin", "sub/b", "zero"])
    }

    @Test("A file that has rotted is told as that, unless it may be replaced, or has been another file")
    func rotten() throws {
        try target.scratch.write([0, 0, 0], to: "top/models/a.bin")
        try target.scratch.write([5], to: "top/models/sub/b")
        let names = try ["a.bin", "sub/b"].map { try ShareName("top/models/" + $0) }
        let root = try #require(source.root(of: names[0]))
        let local = try #require(target.root(of: names[1]))
        let rotten = [names[0]: root, names[1]: FileRoot(digest: .zero, length: 1)]
        #expect(obstacles(try target.survey(manifest, rotten: rotten)) == ["a.bin": .rotten, "sub/b": .other(local)])
        #expect(missing(try target.survey(manifest, replacing: true, rotten: rotten)) == ["a.bin", "sub/b", "zero"])
    }

    @Test("A link, a directory or a pipe where a file should be stands in the way, replacing or not")
    func kinds() throws {
        try target.makeDirectory("top/models/a.bin")
        try target.makeDirectory("top/models/sub")
        try target.scratch.link("top/models/sub/b", to: "../../elsewhere")
        #expect(mkfifo("\(target.scratch.sharePath)/top/models/zero", 0o600) == 0)
        for replacing in [false, true] {
            let found = obstacles(try target.survey(manifest, replacing: replacing))
            #expect(found["a.bin"] == .occupied("a directory"))
            #expect(found["sub/b"] == .occupied("a link or special file"))
            #expect(found["zero"] == .occupied("a link or special file"))
        }
    }

    @Test("A file or link where a directory should be stands in the way of all below it, and nothing follows it")
    func fileAsDirectory() throws {
        try target.scratch.write([1], to: "top/models/sub")
        try target.makeDirectory("elsewhere")
        try target.scratch.link("top/models/void", to: "../../elsewhere")
        let found = obstacles(try target.survey(manifest, replacing: true))
        #expect(Set(found.keys) == ["sub", "sub/b", "void"])
        #expect(!target.exists("elsewhere/deep"))
    }

    @Test("A file where the tree should stand is an error")
    func fileAsTree() throws {
        try target.scratch.write([1], to: "top/models")
        #expect(failure { try target.survey(manifest) }?.isNotADirectory == true)
    }

    @Test("What is there gets the manifest's modes, files and directories, and nothing is fetched for it")
    func modes() throws {
        try source.setMode(0o640, of: "top/models/a.bin")
        try source.setMode(0o700, of: "top/models/void")
        try source.setMode(0o750, of: "top/models")
        let made = try #require(try source.make("top/models")).manifest
        for (bytes, name) in [([1, 2, 3], "a.bin"), ([4], "sub/b"), ([], "zero")] as [([UInt8], String)] {
            try target.scratch.write(bytes, to: "top/models/" + name)
        }
        try target.makeDirectory("top/models/void/deep")
        for name in ["a.bin", "sub/b", "void", "sub", ""] { try target.setMode(0o777, of: "top/models/" + name) }
        let state = try target.survey(made)
        #expect(state.present == 3 && state.missing.isEmpty && state.obstacles.isEmpty)
        #expect(try target.make("top/models")?.manifest.bytes == made.bytes)
    }

    @Test("New directories have the manifest's modes whatever the umask, and more for their owner where that is needed")
    func newModes() throws {
        try source.setMode(0o700, of: "top/models/void")
        try source.setMode(0o777, of: "top/models/void/deep")
        try source.setMode(0o711, of: "top/models")
        let entries = try #require(try source.make("top/models")).manifest.entries.map { entry in
            entry.path == "sub" ? .init(path: "sub", kind: .directory(FileMode(of: 0o005))) : entry
        }
        let made = try Manifest(name: manifest.name, mode: FileMode(of: 0o011), entries: entries)
        #expect(try target.survey(made).missing.count == 3)
        for (mode, name) in [(0o705, "/sub"), (0o700, "/void"), (0o777, "/void/deep"), (0o711, "")] {
            #expect(try target.mode(of: "top/models" + name) == mode, "\(name)")
        }
        // What the tree lies in is no part of it.
        #expect(try target.mode(of: "top") & 0o055 == 0o055)
    }

    @Test("A survey of more entries than one step looks at, some of them to be hashed, is whole")
    func manySteps() throws {
        let big = try TreeScratch()
        let sample = try Sample(length: 40 << 20)
        try big.scratch.write(sample.bytes, to: "big/x")
        for number in 0..<3000 { try big.makeDirectory("big/d\(number)") }
        let made = try #require(try big.make("big")).manifest
        #expect(try big.survey(made).present == 1)
        try FileManager.default.removeItem(atPath: "\(big.scratch.sharePath)/big")
        #expect(try big.survey(made).missing.count == 1)
        #expect(try big.make("big")?.manifest.count == 3000)
    }

    @Test("Two directories whose names are one to Swift are two")
    func spellings() throws {
        for name in ["\u{E9}", "e\u{301}"] { try source.scratch.write(Array(name.utf8), to: "tree/\(name)/f") }
        let made = try #require(try source.make("tree")).manifest
        #expect(made.fileCount == 2)
        #expect(try target.survey(made).missing.count == 2)
        #expect(try source.survey(made).present == 2)
    }
}
