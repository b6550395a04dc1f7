import Foundation
import Posix
import Testing

@Suite struct ExecutableTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write("program", "#!/bin/sh\n")
        try scratch.write("text", "")
        try scratch.makeDirectory("directory")
        try #require(chmod("\(scratch.path)/program", 0o755) == 0)
    }

    @Test("A path is there if it is a file that may be run")
    func paths() {
        #expect(Executable.isThere("\(scratch.path)/program", searchPath: nil))
        for name in ["text", "directory", "none"] {
            #expect(!Executable.isThere("\(scratch.path)/\(name)", searchPath: scratch.path))
        }
        #expect(!Executable.isThere("", searchPath: scratch.path))
    }

    @Test("A name without a slash is looked up, in the system's directories if no others are named")
    func names() {
        #expect(Executable.isThere("program", searchPath: "/none:\(scratch.path)"))
        #expect(!Executable.isThere("program", searchPath: "/none"))
        #expect(!Executable.isThere("text", searchPath: scratch.path))
        #expect(Executable.isThere("sh", searchPath: nil))
        #expect(!Executable.isThere("program", searchPath: nil))
    }
}
