import Foundation
import Posix
import Testing

@Suite struct DirectoryTests {
    private let scratch: Scratch
    private let directory: Directory

    init() throws {
        scratch = try Scratch()
        try scratch.makeDirectory("share")
        try scratch.makeDirectory("share/inner")
        try scratch.write("outside", "secret")
        try scratch.write("share/a", "content of a")
        try scratch.write("share/inner/b", "content of b")
        directory = try Directory(path: scratch.path + "/share")
    }

    private func open(_ name: String) throws(SystemError) { _ = try directory.openFile(name) }

    private func read(_ name: String, in directory: Directory) throws -> String {
        let file = try directory.openFile(name)
        return try text(file.rawValue)
    }

    // MARK: Place

    @Test("A directory that was moved or replaced is not at its path any more, and is again when it comes back")
    func place() throws {
        #expect(directory.isAtItsPath)
        let elsewhere = scratch.path + "/elsewhere"
        #expect(rename(directory.path, elsewhere) == 0)
        #expect(!directory.isAtItsPath)
        try scratch.makeDirectory("share")
        #expect(!directory.isAtItsPath)
        #expect(rmdir(directory.path) == 0 && rename(elsewhere, directory.path) == 0)
        #expect(directory.isAtItsPath)
    }

    // MARK: Confinement

    @Test("A file beneath the directory is opened by its name, also in a directory beneath")
    func opens() throws {
        #expect(try read("a", in: directory) == "content of a")
        #expect(try read("inner/b", in: directory) == "content of b")
        #expect(try read("b", in: directory.openDirectory("inner")) == "content of b")
    }

    @Test(
        "A name that leads above the directory is refused",
        arguments: ["../outside", "inner/../../outside", "..", "/etc/passwd", "/"])
    func above(_ name: String) {
        #expect(code { try open(name) } == EXDEV)
        #expect(code { _ = try directory.createFile(name) } == EXDEV)
        #expect(code { _ = try directory.openDirectory(name) } == EXDEV)
    }

    @Test("A link is refused, wherever it points and wherever it stands in the name")
    func links() throws {
        try scratch.link("share/out", to: "../outside")
        try scratch.link("share/absolute", to: scratch.path + "/outside")
        try scratch.link("share/here", to: "a")
        try scratch.link("share/folder", to: "inner")
        try scratch.link("share/up", to: "..")
        for name in ["out", "absolute", "here", "folder/b", "up/outside", "up/share/a"] {
            #expect(code { try open(name) } == ELOOP, "\(name)")
        }
        #expect(code { _ = try directory.openDirectory("folder") } != 0)
        #expect(code { _ = try directory.createFile("out") } == ELOOP)
        #expect(scratch.read("outside") == "secret")
    }

    @Test("A file that must be new is made with its mode, and nothing that stands at its name is touched")
    func madeNew() throws {
        let file = try directory.makeFile("new", mode: 0o755)
        try FileIO.write(file.rawValue, [1, 2, 3])
        #expect(try directory.standing(ofEntry: "new")?.mode == S_IFREG | 0o755)
        try scratch.link("share/out", to: "../missing")
        for name in ["new", "a", "inner", "out"] {
            #expect(code { _ = try directory.makeFile(name) } == EEXIST, "\(name)")
        }
        #expect(try directory.standing(ofEntry: "new")?.identity.size == 3)
        #expect(scratch.read("missing") == nil)
    }

    @Test("A link planted after the directory was opened is refused as well")
    func plantedLater() throws {
        let inner = try directory.openDirectory("inner")
        try scratch.link("share/inner/late", to: "../../outside")
        #expect(code { _ = try inner.openFile("late") } == ELOOP)
    }

    @Test("The descriptor stays with its directory when that is moved and a link put in its place")
    func movedAway() throws {
        let inner = try directory.openDirectory("inner")
        try #require(rename(scratch.path + "/share/inner", scratch.path + "/share/moved") == 0)
        try scratch.link("share/inner", to: "..")
        #expect(try read("b", in: inner) == "content of b")
    }

    @Test("What is missing is an error that says so and names the path")
    func missing() throws {
        for name in ["nothing", "nothing/b", "a/b"] {
            do {
                try open(name)
                Issue.record("\(name) was opened")
            } catch {
                #expect(name.hasPrefix("a/") ? error.isNotADirectory : error.isMissing)
                #expect(error.description.contains("\(scratch.path)/share/\(name)"))
            }
        }
    }

    @Test("Opening a pipe that nobody writes to returns at once")
    func pipe() throws {
        try #require(mkfifo(scratch.path + "/share/pipe", 0o600) == 0)
        let opened = try directory.openFile("pipe")
        #expect(try FileIO.identity(of: opened.rawValue).kind == .other)
    }

    // MARK: Making and removing

    @Test("A created file can be written and read, and is there again when created once more")
    func creates() throws {
        let made = try directory.createFile("new")
        try Array("hello".utf8).withUnsafeBytes { try FileIO.write(made.rawValue, $0, at: 0) }
        #expect(scratch.read("share/new") == "hello")
        let again = try directory.createFile("new")
        #expect(try text(again.rawValue) == "hello")
    }

    @Test("A path of missing directories is made, and opened when it is there")
    func makesPath() throws {
        let path = scratch.path + "/x/y//z/"
        _ = try Directory.create(path)
        try Directory.create(path).makeDirectory("deeper")
        #expect(FileManager.default.fileExists(atPath: scratch.path + "/x/y/z/deeper"))
    }

    @Test("A path through a file cannot be made")
    func pathThroughFile() {
        #expect(throws: SystemError.self) { try Directory.create(scratch.path + "/outside/x") }
    }

    @Test("Making a directory that is there is no error, and removing what is not there is one")
    func makeAndRemove() throws {
        try directory.makeDirectory("inner")
        try directory.remove("a")
        #expect(code { try directory.remove("a") } == ENOENT)
        try directory.sync()
    }

    // MARK: Renaming

    @Test("Renaming without replacing moves the file, and leaves a file that is there as it was")
    func withoutReplacing() throws {
        let inner = try directory.openDirectory("inner")
        try directory.rename("a", to: inner, as: "c", replacing: false)
        #expect(scratch.read("share/inner/c") == "content of a")
        let error = code { try inner.rename("c", to: inner, as: "b", replacing: false) }
        #expect(error == EEXIST)
        #expect(scratch.read("share/inner/b") == "content of b")
        #expect(scratch.read("share/inner/c") == "content of a")
    }

    @Test("Renaming without replacing also leaves a link and a directory that are there")
    func overOthers() throws {
        try scratch.link("share/link", to: "nowhere")
        for name in ["link", "inner"] {
            let error = code {
                try directory.rename("a", to: directory, as: name, replacing: false)
            }
            #expect(error == EEXIST, "\(name)")
        }
        #expect(scratch.read("share/a") == "content of a")
    }

    @Test("Renaming with replacing puts the file in the other's place")
    func withReplacing() throws {
        let inner = try directory.openDirectory("inner")
        try directory.rename("a", to: inner, as: "b", replacing: true)
        #expect(scratch.read("share/inner/b") == "content of a")
        #expect(scratch.read("share/a") == nil)
    }

    @Test("A second name is the same file; one that is taken is left alone, and a link is not followed")
    func link() throws {
        try directory.link("a", as: "b")
        #expect(try directory.entry("a")?.identity.inode == directory.entry("b")?.identity.inode)
        #expect(code { try directory.link("a", as: "b") } == EEXIST)
        try scratch.link("share/to-a", to: "a")
        try directory.link("to-a", as: "c")
        #expect(try directory.kind(of: "c") == .other)
        #expect(code { try directory.link("nothing", as: "d") } == ENOENT)
    }

    @Test("A file is opened for writing only if it is there, and not through a link")
    func openForWriting() throws {
        let file = try directory.openForWriting("a")
        try FileIO.write(file.rawValue, Array("CON".utf8))
        #expect(scratch.read("share/a") == "CONtent of a")
        #expect(code { _ = try directory.openForWriting("nothing") } == ENOENT)
        try scratch.link("share/to-a", to: "a")
        #expect(code { _ = try directory.openForWriting("to-a") } == ELOOP)
        #expect(code { _ = try directory.openForWriting("inner") } == EISDIR)
        #expect(code { _ = try directory.openForWriting("../share/a") } == EXDEV)
    }

    // MARK: Looking

    @Test("The kind of a name is that of the name itself, not of what it points to")
    func kinds() throws {
        try scratch.link("share/link", to: "a")
        #expect(try directory.kind(of: "a") == .regular)
        #expect(try directory.kind(of: "inner") == .directory)
        #expect(try directory.kind(of: "link") == .other)
        #expect(try directory.kind(of: "nothing") == nil)
        #expect(try directory.kind(of: "a/b") == nil)
    }

    @Test("Entries are every name but . and .., as bytes, with their kind, each time they are asked for")
    func entries() throws {
        try scratch.link("share/link", to: "a")
        let raw: [UInt8] = [0x66, 0xFF, 0xFE]
        let made = raw.map { CChar(bitPattern: $0) } + [0]
        let folder = Foundation.open(scratch.path + "/share", O_RDONLY)
        defer { close(folder) }
        close(openat(folder, made, O_CREAT | O_WRONLY, 0o600))
        for _ in 0..<2 {
            let found = try directory.entries()
            let kinds = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.kind) })
            let expected: [[UInt8]: FileKind] = [
                Array("a".utf8): .regular, Array("inner".utf8): .directory, Array("link".utf8): .other, raw: .regular,
            ]
            #expect(kinds == expected)
        }
    }

    @Test("Two directories of one file system have one device number")
    func devices() throws {
        #expect(try directory.sharesMount(with: directory.openDirectory("inner")))
        #expect(try !directory.sharesMount(with: Directory(path: "/proc")))
    }
}
