import Content
import Foundation
import Posix
import Testing

@testable import Storage

@Suite struct TreeFilesTests {
    private let source: TreeScratch
    private let target: TreeScratch
    private let manifest: Manifest

    /// Among them what no usual umask leaves, and what nobody may write to.
    private static let modes = [
        (0o600, "models/a.bin"), (0o777, "models/sub/b"), (0o444, "models/zero"), (0o770, "models/sub"),
        (0o700, "models"),
    ]

    init() throws {
        source = try TreeScratch()
        target = try TreeScratch()
        try source.scratch.write([1, 2, 3], to: "models/a.bin")
        try source.scratch.write([4], to: "models/sub/b")
        try source.scratch.write([], to: "models/zero")
        for (mode, name) in TreeFilesTests.modes { try source.setMode(mode, of: name) }
        manifest = try #require(try source.make("models")).manifest
        _ = try target.survey(manifest)
    }

    private func files(replacing: Bool = false, sync: Bool = true, modified: Int64 = 1_600_000_000) -> TreeFiles {
        TreeFiles(
            manifest, partials: target.partials,
            terms: .init(replacing: replacing, keepingBackup: true, sync: sync, modified: modified), serial: 7)
    }

    private func stage(_ path: String, _ bytes: [UInt8], _ files: TreeFiles) throws -> TreeFiles.Staging {
        let index = try #require(manifest.index(of: path))
        return try bytes.withUnsafeBytes { bytes in
            try #require(files.stage([.init(index: index, bytes: bytes)], with: target.bench).first).get()
        }
    }

    private var staged: [String] { Scratch.entries(of: "\(target.scratch.statePath)/partial") }

    private var all: [Int] { (0..<manifest.count).filter { manifest.length(at: $0) != nil } }

    @Test(
        "Staged files get their names, modes and time together, and are what was asked for", arguments: [true, false])
    func published(_ sync: Bool) throws {
        let files = files(sync: sync)
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        #expect(try stage("sub/b", [4], files) == .stored)
        #expect(staged.count == 2)
        #expect(!target.exists("models/a.bin"))
        let results = try files.publish(all, with: target.bench)
        #expect(results.map(\.index) == all)
        for outcome in results {
            let (index, published) = (outcome.index, try outcome.result.get())
            #expect(published.file.name == manifest.name(at: index))
            #expect(published.file.root == target.root(of: published.file.name))
            #expect(published.file.identity == (try target.share.open(published.file.name).identity))
        }
        #expect(try target.scratch.bytes(of: "models/a.bin") == [1, 2, 3])
        for (mode, name) in Self.modes { #expect(try target.mode(of: name) == mode, "\(name)") }
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(target.scratch.sharePath)/models/zero")
        #expect((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 == 1_600_000_000)
        #expect(staged.isEmpty)
        #expect(try target.make("models")?.manifest.bytes == manifest.bytes)
    }

    @Test("A file of other bytes, fewer or more is not staged")
    func wrong() throws {
        for bytes in [[1, 2, 4], [1, 2], [1, 2, 3, 4], []] as [[UInt8]] {
            #expect(try stage("a.bin", bytes, files()) == .wrong)
        }
        #expect(try stage("sub", [], files()) == .wrong)
        #expect(staged.isEmpty)
    }

    @Test("What came to stand at a name meanwhile stays, and the others get theirs")
    func occupied() throws {
        let files = files()
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        #expect(try stage("sub/b", [4], files) == .stored)
        try target.scratch.write([9], to: "models/a.bin")
        let results = try files.publish(all, with: target.bench).map(\.result)
        guard case .failure(let error) = results[0] else { throw CocoaError(.fileReadUnknown) }
        #expect(error.alreadyExists)
        #expect(try target.scratch.bytes(of: "models/a.bin") == [9])
        #expect(try target.scratch.bytes(of: "models/sub/b") == [4])
        #expect(staged.isEmpty)
    }

    @Test("A file that stands there already with the same bytes is published, and its staged copy removed")
    func same() throws {
        let files = files()
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        try target.scratch.write([1, 2, 3], to: "models/a.bin")
        let index = try #require(manifest.index(of: "a.bin"))
        let published = try files.publish([index], with: target.bench)[0].result.get()
        #expect(published.file.identity == (try target.share.open(published.file.name).identity))
        #expect(staged.isEmpty)
    }

    @Test("A file that is replaced is kept under another name, unless that is not wanted", arguments: [true, false])
    func replaced(_ keepingBackup: Bool) throws {
        let files = TreeFiles(
            manifest, partials: target.partials,
            terms: .init(replacing: true, keepingBackup: keepingBackup, sync: false, modified: 5), serial: 8)
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        try target.scratch.write([9], to: "models/a.bin")
        let index = try #require(manifest.index(of: "a.bin"))
        let published = try files.publish([index], with: target.bench)[0].result.get()
        #expect(published.backup?.path == (keepingBackup ? "models/a.bin.~1~" : nil))
        #expect(try target.scratch.bytes(of: "models/a.bin") == [1, 2, 3])
        if keepingBackup { #expect(try target.scratch.bytes(of: "models/a.bin.~1~") == [9]) }
    }

    @Test("A directory that was removed meanwhile is made again")
    func removedDirectory() throws {
        let files = files()
        #expect(try stage("sub/b", [4], files) == .stored)
        try FileManager.default.removeItem(atPath: "\(target.scratch.sharePath)/models")
        let index = try #require(manifest.index(of: "sub/b"))
        _ = try files.publish([index], with: target.bench)[0].result.get()
        #expect(try target.scratch.bytes(of: "models/sub/b") == [4])
        // Nobody knows its mode here: the next survey does.
        #expect(try target.mode(of: "models/sub") == 0o700)
        #expect(try target.survey(manifest).present == 1)
        #expect(try target.mode(of: "models/sub") == 0o770)
    }

    @Test("A link that took a directory's place is not followed")
    func link() throws {
        let files = files()
        #expect(try stage("sub/b", [4], files) == .stored)
        try FileManager.default.removeItem(atPath: "\(target.scratch.sharePath)/models/sub")
        try target.makeDirectory("elsewhere")
        try target.scratch.link("models/sub", to: "../elsewhere")
        let index = try #require(manifest.index(of: "sub/b"))
        let result = try files.publish([index], with: target.bench)[0].result
        #expect(throws: SystemError.self) { try result.get() }
        #expect(!target.exists("elsewhere/b"))
        #expect(staged.isEmpty)
    }

    @Test("What is staged and not wanted is removed, and so is what another daemon left")
    func discarded() throws {
        let files = files()
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        #expect(try stage("sub/b", [4], files) == .stored)
        files.discard([try #require(manifest.index(of: "a.bin"))])
        #expect(staged.count == 1)
    }

    @Test("Of a batch of files of one leaf and of several, right ones and wrong ones, the right ones are staged")
    func batch() throws {
        let contents = [[5], [UInt8](repeating: 6, count: 16_384), [UInt8](repeating: 7, count: 50_000), [8, 8]]
        for (number, bytes) in contents.enumerated() { try source.scratch.write(bytes, to: "more/\(number)") }
        let manifest = try #require(try source.make("more")).manifest
        let files = TreeFiles(
            manifest, partials: target.partials,
            terms: .init(replacing: false, keepingBackup: true, sync: false, modified: 5), serial: 9)
        let wrong: [[UInt8]] = [[4], contents[1].dropLast() + [0], contents[2].dropLast() + [0], [8, 9]]
        let all = (wrong + contents).flatMap(\.self)
        let results = all.withUnsafeBytes { memory in
            var start = 0
            let arrivals = (wrong + contents).enumerated().map { number, bytes in
                defer { start += bytes.count }
                let bytes = UnsafeRawBufferPointer(rebasing: memory[start..<start + bytes.count])
                return TreeFiles.Arrival(index: number % 4, bytes: bytes)
            }
            return files.stage(arrivals, with: target.bench)
        }
        let outcomes = try results.map { try $0.get() }
        #expect(outcomes == Array(repeating: .wrong, count: 4) + Array(repeating: .stored, count: 4))
        for outcome in try files.publish([0, 1, 2, 3], with: target.bench) { _ = try outcome.result.get() }
        for (number, bytes) in contents.enumerated() {
            #expect(try target.scratch.bytes(of: "more/\(number)") == bytes)
        }
    }

    @Test("A second copy neither replaces nor touches the first, and one that comes after it was published is apart")
    func copies() throws {
        let files = files()
        let index = try #require(manifest.index(of: "a.bin"))
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        let path = "\(target.scratch.statePath)/partial/\(try #require(staged.first))"
        let first = try FileManager.default.attributesOfItem(atPath: path) as NSDictionary
        #expect(try stage("a.bin", [1, 2, 4], files) == .wrong)
        #expect(try stage("a.bin", [1, 2, 3], files) == .superfluous)
        #expect(try FileManager.default.attributesOfItem(atPath: path) as NSDictionary == first)
        let published = try files.publish([index], with: target.bench)[0].result.get()
        #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
        files.discard([index])
        #expect(staged.isEmpty)
        #expect(published.file.identity == (try target.share.open(published.file.name).identity))
    }

    @Test("A time to come, or one that no clock shows, is now")
    func time() throws {
        for modified in [Int64.max, 4_000_000_000] {
            let files = files(replacing: true, modified: modified)
            #expect(try stage("a.bin", [1, 2, 3], files) == .stored)
            let index = try #require(manifest.index(of: "a.bin"))
            let published = try files.publish([index], with: target.bench)[0].result.get()
            #expect(abs(published.file.identity.modifiedSeconds - Int64(Date().timeIntervalSince1970)) < 60)
        }
    }
}
