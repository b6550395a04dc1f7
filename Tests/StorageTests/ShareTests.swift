import Content
import Foundation
import Posix
import Testing

@testable import Storage

struct ShareTests {
    let scratch: Scratch
    let share: Share

    init() throws {
        scratch = try Scratch()
        share = try scratch.share()
    }

    // MARK: Looking

    @Test("Files are seen as they stand, and everything else is nothing")
    func looks() throws {
        try scratch.write([1, 2], to: "sub/file")
        try scratch.link("link", to: "sub/file")
        #expect(mkfifo("\(scratch.sharePath)/pipe", 0o600) == 0)
        let names = try ["sub/file", "link", "pipe", "sub", "none", "sub/file/x"].map { try ShareName($0) }
        let seen = share.look(at: names)
        #expect(seen.count == names.count)
        guard case .file(let file) = seen[0] else {
            Issue.record("the file was not seen")
            return
        }
        #expect(file.name == names[0] && file.linkCount == 1)
        #expect(file.identity == (try share.open(names[0]).identity))
        // It was written a moment ago.
        #expect((0..<5_000_000_000).contains(file.age))
        for (name, look) in zip(names, seen).dropFirst() {
            guard case .nothing(name) = look else {
                Issue.record("\(name) was seen: \(look)")
                continue
            }
        }
    }

    // MARK: Opening

    @Test("An opened file is told with its size and its inode")
    func opensFile() throws {
        try scratch.write([1, 2, 3], to: "sub/file")
        let (file, identity) = try share.open(ShareName("sub/file"))
        #expect(identity.size == 3)
        #expect(try FileIO.identity(of: file.rawValue).identity == identity)
        #expect(try FileIO.bytes(of: file.rawValue, limit: 9) == [1, 2, 3])
    }

    @Test("Nothing is opened through a link, at its end or on its way", arguments: ["link", "way/secret", "up/x"])
    func opensNoLink(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/outside", withIntermediateDirectories: true)
        try Data([9]).write(to: URL(fileURLWithPath: "\(scratch.path)/outside/secret"))
        try scratch.link("link", to: "\(scratch.path)/outside/secret")
        try scratch.link("way", to: "../outside")
        try scratch.link("up", to: "..")
        #expect(failure { try share.open(ShareName(name)) }?.isOtherKind == true)
    }

    @Test("A file whose directory was replaced by a link is not opened any more")
    func opensNothingReplacedByLink() throws {
        try scratch.write([1], to: "sub/file")
        _ = try share.open(ShareName("sub/file"))
        try FileManager.default.moveItem(atPath: "\(scratch.sharePath)/sub", toPath: "\(scratch.path)/moved")
        try scratch.link("sub", to: "\(scratch.path)/moved")
        #expect(failure { try share.open(ShareName("sub/file")) }?.isOtherKind == true)
    }

    @Test("A pipe that nobody writes to is refused and not waited for")
    func refusesPipe() throws {
        #expect(mkfifo("\(scratch.sharePath)/pipe", 0o600) == 0)
        #expect(failure { try share.open(ShareName("pipe")) }?.code == EINVAL)
    }

    @Test("A directory is not opened as a file")
    func refusesDirectory() throws {
        try scratch.write([1], to: "sub/file")
        #expect(failure { try share.open(ShareName("sub")) }?.code == EINVAL)
    }

    // MARK: Standing

    @Test("What stands at a name is told apart")
    func tellsStanding() throws {
        try scratch.write([1, 2], to: "sub/file")
        try scratch.link("dangling", to: "nowhere")
        #expect(try standing("sub/file") == "file of 2")
        #expect(try standing("sub/other") == "absent")
        #expect(try standing("no/such/way") == "absent")
        #expect(try standing("sub") == "a directory, whose name ends in /")
        #expect(try standing("dangling") == "something that is no regular file")
        #expect(try standing("sub/file/below") == "a file where a directory should be")
    }

    private func standing(_ name: String) throws -> String {
        switch try share.standing(at: ShareName(name)) {
        case .absent: "absent"
        case .file(let identity): "file of \(identity.size)"
        case .occupied(let what): what
        }
    }

    // MARK: Parents

    @Test("Missing directories on the way to a name are made, and present ones kept")
    func makesParents() throws {
        try scratch.write([1], to: "here/kept")
        let (parent, last) = try share.makeParent(of: ShareName("here/new/deep/file"), sync: true)
        #expect(last == "file")
        #expect(parent.path == "\(scratch.sharePath)/here/new/deep")
        #expect(Scratch.entries(of: "\(scratch.sharePath)/here") == ["kept", "new"])
        #expect(Scratch.entries(of: parent.path).isEmpty)
    }

    @Test("A name at the top has the share for its parent")
    func topHasShareForParent() throws {
        let (parent, last) = try share.makeParent(of: ShareName("file"), sync: true)
        #expect(parent.path == scratch.sharePath && last == "file")
    }

    @Test("Nothing is made through a link on the way")
    func makesNothingThroughLink() throws {
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/outside", withIntermediateDirectories: true)
        try scratch.link("way", to: "../outside")
        #expect(failure { try share.makeParent(of: ShareName("way/new/file"), sync: true) } != nil)
        #expect(Scratch.entries(of: "\(scratch.path)/outside").isEmpty)
    }

    @Test("A file where a directory should be is an error, and stays")
    func refusesFileOnTheWay() throws {
        try scratch.write([7], to: "file")
        #expect(failure { try share.makeParent(of: ShareName("file/below"), sync: true) }?.isNotADirectory == true)
        #expect(try scratch.bytes(of: "file") == [7])
    }
}
