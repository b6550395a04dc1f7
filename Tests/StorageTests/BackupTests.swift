import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct BackupTests {
    private let scratch: Scratch
    private let directory: Directory
    private let name: ShareName

    init() throws {
        scratch = try Scratch()
        directory = try scratch.share().directory
        name = try ShareName("file")
        try scratch.write([1, 2], to: "file")
    }

    private func entries() -> [String] { Scratch.entries(of: scratch.sharePath) }

    @Test("What is kept has two names until the other file takes the first, and one again if it does not")
    func linksAndUndoes() throws {
        let backup = try Backup(of: name, in: directory, sync: true)
        #expect(backup.way == .linked && backup.name.path == "file.~1~")
        #expect(entries() == ["file", "file.~1~"])
        backup.undo()
        #expect(entries() == ["file"])
    }

    @Test("A backup that was made before the daemon died is found again, not made twice")
    func findsEarlier() throws {
        _ = try Backup(of: name, in: directory, sync: false)
        let again = try Backup(of: name, in: directory, sync: false)
        #expect(again.way == .found && again.name.path == "file.~1~")
        again.undo()
        #expect(entries() == ["file", "file.~1~"])
    }

    @Test("What does not stand there cannot be kept")
    func refusesMissing() throws {
        #expect(failure { _ = try Backup(of: try ShareName("other"), in: directory, sync: false) }?.isMissing == true)
    }

    @Test("A file that may have no second name is moved, and moved back", .enabled(if: LinklessFile.isPossible))
    func movesInstead() throws {
        // A file that has as many names as its file system allows stands for a file system without them.
        let file = try LinklessFile(at: "\(scratch.sharePath)/file")
        defer { file.end() }
        try scratch.write([7], to: "file.~1~")
        let backup = try Backup(of: name, in: directory, sync: true)
        #expect(backup.way == .moved && backup.name.path == "file.~2~")
        #expect(entries().filter { !$0.hasPrefix("names") } == ["file.~1~", "file.~2~"])
        backup.undo()
        #expect(entries().filter { !$0.hasPrefix("names") } == ["file", "file.~1~"])
        #expect(try scratch.bytes(of: "file.~1~") == [7])
    }
}

/// A file that has no room for one more name: ext4 allows 65,000.
struct LinklessFile {
    private let directory: String

    init(at path: String) throws {
        directory = (path as NSString).deletingLastPathComponent + "/names"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var number = 0
        while number < Self.namesMax, link(path, "\(directory)/\(number)") == 0 { number += 1 }
        guard errno == EMLINK, number < Self.namesMax else {
            end()
            throw CocoaError(.featureUnsupported)
        }
    }

    func end() { try? FileManager.default.removeItem(atPath: directory) }

    static let isPossible = (1...namesMax).contains(pathconf(NSTemporaryDirectory(), Int32(_PC_LINK_MAX)))
    private static let namesMax = 70_000
}
