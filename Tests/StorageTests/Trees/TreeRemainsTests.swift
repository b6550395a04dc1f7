import Content
import Foundation
import Posix
import Testing

@testable import Storage

@Suite struct TreeRemainsTests {
    private let scratch: Scratch
    private let share: Share

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
    }

    private func remain(_ kind: TreeRemain.Kind, _ path: String) throws -> TreeRemain {
        let identity = try #require(try share.directory.standing(at: path)).identity
        return TreeRemain(kind, try ShareName(path), identity)
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(scratch.sharePath)/\(path)")
    }

    @Test("What is as it was put there is removed, with its directories, from the innermost out")
    func removed() throws {
        try scratch.write([1], to: "tree/a/b/file")
        try scratch.write([2], to: "tree/other")
        share.remove([
            try remain(.directory, "tree"), try remain(.directory, "tree/a"), try remain(.directory, "tree/a/b"),
            try remain(.file, "tree/a/b/file"), try remain(.file, "tree/other"),
        ])
        #expect(Scratch.entries(of: scratch.sharePath) == [])
    }

    @Test("What somebody has written, replaced or put there stays, with its directories")
    func othersStay() throws {
        for name in ["written", "replaced", "gone", "ours"] { try scratch.write([1, 2, 3], to: "tree/\(name)") }
        try scratch.write([1], to: "tree/sub/ours")
        let remains = try ["written", "replaced", "gone", "ours", "sub/ours"].map { try remain(.file, "tree/\($0)") }
        let directories = [try remain(.directory, "tree"), try remain(.directory, "tree/sub")]
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(scratch.sharePath)/tree/written"))
        try file.write(contentsOf: [9, 9, 9])
        try file.close()
        try FileManager.default.removeItem(atPath: "\(scratch.sharePath)/tree/replaced")
        try scratch.write([1, 2, 3], to: "tree/replaced")
        try FileManager.default.removeItem(atPath: "\(scratch.sharePath)/tree/gone")
        try scratch.write([5], to: "tree/sub/new")
        share.remove(remains + directories)
        #expect(Scratch.entries(of: "\(scratch.sharePath)/tree") == ["replaced", "sub", "written"])
        #expect(Scratch.entries(of: "\(scratch.sharePath)/tree/sub") == ["new"])
    }

    @Test("An empty directory that was made anew by somebody else stays")
    func otherDirectory() throws {
        try scratch.write([1], to: "tree/sub/file")
        let remain = try remain(.directory, "tree/sub")
        // Its number is taken as long as it has a name.
        try FileManager.default.moveItem(
            atPath: "\(scratch.sharePath)/tree/sub", toPath: "\(scratch.sharePath)/elsewhere")
        try FileManager.default.createDirectory(
            atPath: "\(scratch.sharePath)/tree/sub", withIntermediateDirectories: false)
        share.remove([remain])
        #expect(exists("tree/sub"))
    }
}
