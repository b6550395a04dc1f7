import Content
import Foundation
import Testing

@testable import Storage

@Suite struct ManifestMakerTests {
    private let tree: TreeScratch

    init() throws {
        tree = try TreeScratch()
    }

    private func fill() throws {
        try tree.scratch.write([1, 2, 3], to: "models/a.bin")
        try tree.scratch.write([], to: "models/sub/deeper/empty")
        try tree.scratch.write([9], to: "models/sub/run.sh")
        for (mode, name) in [(0o744, "/sub/run.sh"), (0o640, "/sub/deeper/empty"), (0o710, "/sub"), (0o750, "")] {
            try tree.setMode(mode, of: "models" + name)
        }
        try tree.makeDirectory("models/nothing/in/here")
        try tree.scratch.write([7], to: "other/b.bin")
    }

    @Test("A directory's manifest has its files with roots and modes, and its directories, empty ones too")
    func made() throws {
        try fill()
        let manifest = try #require(try tree.make("models")).manifest
        #expect(
            manifest.paths == [
                "a.bin", "nothing", "nothing/in", "nothing/in/here", "sub", "sub/deeper", "sub/deeper/empty",
                "sub/run.sh",
            ])
        let run = try #require(tree.root(of: try ShareName("models/sub/run.sh")))
        #expect(manifest.kind(at: 7) == .file(run, FileMode(of: 0o744)))
        #expect(manifest.kind(at: 6) == .file(.empty, FileMode(of: 0o640)))
        #expect(manifest.mode == FileMode(of: 0o750))
        #expect(manifest.kind(at: 4) == .directory(FileMode(of: 0o710)))
    }

    @Test(
        "Another mode of a file, of a directory or of its own makes another version", arguments: ["/a.bin", "/sub", ""])
    func modes(_ name: String) throws {
        try fill()
        let first = try #require(try tree.make("models")).manifest
        try tree.setMode(0o701, of: "models" + name)
        let other = try #require(try tree.make("models")).manifest
        #expect(other.bytes != first.bytes && other.bytes.count == first.bytes.count)
    }

    @Test("Modes are those that a copy has: readable to the owner, without setuid and sticky bits")
    func modesOfCopies() throws {
        try fill()
        let modes = [(0o4044, "/sub/run.sh"), (0o1055, "/sub")]
        for (mode, name) in modes { try tree.setMode(mode, of: "models" + name) }
        let manifest = try #require(try tree.make("models")).manifest
        guard case .file(_, let mode) = manifest.kind(at: 7) else { throw CocoaError(.fileReadUnknown) }
        #expect(mode.bits == 0o444)
        #expect(manifest.kind(at: 4) == .directory(.openDirectory))
    }

    @Test("Backups are not in it: the directory stays the version that it was")
    func backups() throws {
        try fill()
        let before = try #require(try tree.make("models")).manifest
        try tree.scratch.write([7], to: "models/sub/run.sh.~1~")
        let made = try #require(try tree.make("models"))
        #expect(made.manifest.bytes == before.bytes && made.refusedCount == 0)
    }

    @Test("Links, to files and directories, are not in it, nor is what they lead to")
    func links() throws {
        try fill()
        let before = try #require(try tree.make("models")).manifest
        try tree.scratch.link("models/link", to: "../other/b.bin")
        try tree.scratch.link("models/directory", to: "../other")
        #expect(mkfifo("\(tree.scratch.sharePath)/models/pipe", 0o600) == 0)
        let made = try #require(try tree.make("models"))
        #expect(made.manifest.bytes == before.bytes)
        #expect(made.refusedCount == 0)
    }

    @Test("What has no proper name is left out and told")
    func refused() throws {
        try fill()
        #expect(Scratch.createFile([0x61, 0xFF], in: "\(tree.scratch.sharePath)/models"))
        #expect(Scratch.createFile([0x61, 0x0A], in: "\(tree.scratch.sharePath)/models"))
        let made = try #require(try tree.make("models"))
        #expect(made.refusedCount == 2)
        #expect(made.refused.contains { $0.shown == "a\\n" })
        #expect(made.manifest.paths.contains("a.bin"))
    }

    @Test("More left out than are told by name are counted")
    func manyRefused() throws {
        try fill()
        for number in 0..<20 as Range<UInt8> {
            #expect(Scratch.createFile([0x61 + number, 0xFF], in: "\(tree.scratch.sharePath)/models"))
        }
        let made = try #require(try tree.make("models"))
        #expect((made.refused.count, made.refusedCount) == (8, 20))
    }

    @Test("Without a file whose content cannot be known there is no manifest: the rest would pass for a version")
    func incomplete() throws {
        try fill()
        let contents = try #require(try tree.list("models"))
        let outcome = ManifestMaker.make(try ShareName("models"), contents) { name, _ in
            name.last == "a.bin" ? .unreadable("Permission denied") : .root(.empty)
        }
        guard case .incomplete(shown: "a.bin", reason: "Permission denied") = outcome else {
            throw CocoaError(.fileReadUnknown)
        }
    }

    @Test("As long as a file's content is not known there is no manifest")
    func pending() throws {
        try fill()
        let contents = try #require(try tree.list("models"))
        let outcome = ManifestMaker.make(try ShareName("models"), contents) { name, _ in
            name.last == "run.sh" ? .pending : .root(.empty)
        }
        guard case .pending = outcome else { throw CocoaError(.fileReadUnknown) }
    }

    @Test("Names that only case tells apart are no tree, and both are named")
    func collision() throws {
        try tree.scratch.write([1], to: "models/README")
        try tree.scratch.write([1], to: "models/readme")
        let contents = try #require(try tree.list("models"))
        let outcome = ManifestMaker.make(try ShareName("models"), contents) { _, _ in .root(.empty) }
        guard case .refused(let error) = outcome else { throw CocoaError(.fileReadUnknown) }
        #expect(error == .caseCollision(path: "README", other: "readme"))
    }

    @Test("A tree is as old as the newest of its files; without files, as its directory")
    func modified() throws {
        try fill()
        let date = Date(timeIntervalSince1970: 1_500_000_000)
        for name in ["models/a.bin", "models/sub/run.sh", "models/sub/deeper/empty"] {
            try FileManager.default.setAttributes(
                [.modificationDate: date.addingTimeInterval(name == "models/a.bin" ? 60 : 0)],
                ofItemAtPath: "\(tree.scratch.sharePath)/\(name)")
        }
        #expect(try tree.make("models")?.modified == 1_500_000_060)
        try tree.makeDirectory("hollow")
        try FileManager.default.setAttributes(
            [.modificationDate: date], ofItemAtPath: "\(tree.scratch.sharePath)/hollow")
        #expect(try tree.make("hollow")?.modified == 1_500_000_000)
    }

    @Test("Where there is no directory there is no listing", arguments: ["nothing", "models/a.bin", "link"])
    func missing(_ name: String) throws {
        try fill()
        try tree.scratch.link("link", to: "models")
        #expect(try tree.list(name) == nil)
    }

    @Test("A directory of more entries than one step looks at is listed whole")
    func manySteps() throws {
        try tree.makeDirectory("models")
        for number in 0..<5000 { try tree.makeDirectory("models/\(number)") }
        #expect(try tree.make("models")?.manifest.count == 5000)
    }
}
