import Foundation
import Posix
import Testing

@Suite struct FileStandingTests {
    private let scratch: Scratch
    private let directory: Directory

    init() throws {
        scratch = try Scratch()
        try scratch.makeDirectory("sub")
        try scratch.write("sub/file", "12345")
        directory = try scratch.directory()
    }

    @Test("A file is seen as fstat sees it, with the number of its names")
    func sees() throws {
        #expect(link("\(scratch.path)/sub/file", "\(scratch.path)/second") == 0)
        let standing = try #require(try directory.standing(at: "sub/file"))
        let file = try directory.openFile("sub/file")
        #expect(standing.kind == .regular && standing.linkCount == 2 && standing.identity.size == 5)
        #expect(standing.identity == (try FileIO.identity(of: file.rawValue).identity))
        #expect(try directory.standing(at: "sub")?.kind == .directory)
    }

    @Test("What is not there is nothing, and so is what is behind a link or a file, or outside")
    func nothing() throws {
        try scratch.link("way", to: "sub")
        try scratch.link("last", to: "sub/file")
        for name in ["none", "sub/none", "sub/file/below", "way/file", "../\(scratch.path)"] {
            #expect(try directory.standing(at: name) == nil, "\(name)")
        }
        #expect(try directory.standing(at: "last")?.kind == .other)
    }

    @Test("The entries of a directory are seen one by one, and one that went meanwhile is nothing")
    func entries() throws {
        let sub = try directory.openDirectory("sub")
        let names = try sub.names()
        #expect(try sub.standing(at: 0, of: names) == directory.standing(at: "sub/file"))
        #expect(unlink("\(scratch.path)/sub/file") == 0)
        #expect(try sub.standing(at: 0, of: names) == nil)
    }
}
