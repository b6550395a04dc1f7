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

    // MARK: Listing

    @Test("Files and directories are listed by their names below the share")
    func listsFilesAndDirectories() throws {
        try scratch.write([1], to: "a.txt")
        try scratch.write([2], to: "models/big/b.bin")
        let top = try share.list(nil)
        #expect(top.files.map(\.path) == ["a.txt"])
        #expect(top.directories.map(\.path) == ["models"])
        #expect(try share.list(ShareName("models")).directories.map(\.path) == ["models/big"])
        #expect(try share.list(ShareName("models/big")).files.map(\.path) == ["models/big/b.bin"])
        #expect(top.refused.isEmpty)
    }

    @Test("Links, pipes and sockets are left out without a word")
    func leavesOutSpecialFiles() throws {
        try scratch.write([1], to: "real")
        try scratch.link("to-file", to: "real")
        try scratch.link("to-directory", to: "/etc")
        #expect(mkfifo("\(scratch.sharePath)/pipe", 0o600) == 0)
        let listing = try share.list(nil)
        #expect(listing.files.map(\.path) == ["real"])
        #expect(listing.directories.isEmpty && listing.refused.isEmpty)
    }

    @Test("A link in the place of a directory is not listed through")
    func listsNoLink() throws {
        try scratch.link("outside", to: "/etc")
        let error = failure { try share.list(ShareName("outside")) }
        #expect(error?.isOtherKind == true || error?.isNotADirectory == true)
    }

    @Test("A name that is not UTF-8 is refused, and the others are listed")
    func refusesInvalidUTF8() throws {
        try scratch.write([1], to: "good")
        try #require(Scratch.createFile([0xFF, 0xFE], in: scratch.sharePath))
        let listing = try share.list(nil)
        #expect(listing.files.map(\.path) == ["good"])
        #expect(listing.refused.count == 1)
        #expect(listing.refused.first?.contains("\(ShareNameError.notUTF8)") == true)
    }

    @Test("A name with control characters is refused, and shown without them")
    func refusesControlCharacters() throws {
        try scratch.write([1], to: "evil\u{1B}[2Jname")
        let listing = try share.list(nil)
        #expect(listing.files.isEmpty)
        #expect(listing.refused.count == 1)
        #expect(listing.refused.first?.contains("\\u{1b}[2Jname") == true)
        #expect(listing.refused.first?.unicodeScalars.contains { ShareName.isControl($0) } == false)
    }

    @Test("The daemon's own directory is passed over at the top of the share, and nowhere else")
    func passesOverReserved() throws {
        try scratch.write([1], to: "\(ShareName.reserved)/partial/x")
        try scratch.write([1], to: "sub/\(ShareName.reserved)/y")
        let top = try share.list(nil)
        #expect(top.directories.map(\.path) == ["sub"])
        #expect(top.refused.isEmpty)
        #expect(try share.list(ShareName("sub")).directories.map(\.path) == ["sub/\(ShareName.reserved)"])
    }

    @Test("Directories beyond the deepest are refused, files beside them are not")
    func boundsDepth() throws {
        let deepest = Array(repeating: "d", count: StorageLimits.depthMax - 1).joined(separator: "/")
        try scratch.write([1], to: "\(deepest)/d/x")
        try scratch.write([1], to: "\(deepest)/file")
        let listing = try share.list(ShareName(deepest))
        #expect(listing.files.map(\.path) == ["\(deepest)/file"])
        #expect(listing.directories.isEmpty)
        #expect(listing.refused.first?.contains("more than \(StorageLimits.depthMax) directories deep") == true)
    }

    @Test("A directory that is missing is an error that names it")
    func namesMissingDirectory() throws {
        let error = failure { try share.list(ShareName("nothing")) }
        #expect(error?.isMissing == true)
        #expect(error?.subject.hasSuffix("/nothing") == true)
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
        #expect(try standing("sub") == "something that is no regular file")
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
