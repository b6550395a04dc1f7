import Foundation
import Posix
import TestSupport
import Testing

@Suite struct OpenWritersTests {
    private let scratch: Scratch
    private let file: OpenFile

    init() throws {
        scratch = try Scratch()
        try scratch.write("file", "12345")
        file = OpenFile(try scratch.directory().openFile("file"), path: "file")
    }

    private var path: String { "\(scratch.path)/file" }

    @Test("A file has writers from when the first opens it until the last closes it, whoever reads it meanwhile")
    func writers() throws {
        let reader = open(path, O_RDONLY)
        defer { close(reader) }
        #expect(OpenWriters.exist(for: file.rawValue) == false)
        let writers = [open(path, O_WRONLY), open(path, O_RDWR)]
        #expect(OpenWriters.exist(for: file.rawValue) == true)
        close(writers[0])
        #expect(OpenWriters.exist(for: file.rawValue) == true)
        close(writers[1])
        #expect(OpenWriters.exist(for: file.rawValue) == false)
    }

    @Test("A mapping that can be written to counts, though its descriptor is closed")
    func mapping() throws {
        let writer = open(path, O_RDWR)
        let memory = mmap(nil, 5, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0)
        close(writer)
        try #require(memory != MAP_FAILED)
        #expect(OpenWriters.exist(for: file.rawValue) == true)
        munmap(memory, 5)
        #expect(OpenWriters.exist(for: file.rawValue) == false)
    }

    @Test("Of what is no regular file nothing is known")
    func noFile() throws {
        let directory = open(scratch.path, O_RDONLY | O_DIRECTORY)
        defer { close(directory) }
        #expect(OpenWriters.exist(for: directory) == nil)
        #expect(OpenWriters.exist(for: -1) == nil)
    }

    @Test("Those who open it for writing again and again wait at most for a moment, and no signal ends the process")
    func noSignal() throws {
        // It would be told here, too, if it came.
        let (path, file) = (path, file)
        let thread = Thread {
            for _ in 0..<20_000 { close(open(path, O_WRONLY)) }
        }
        thread.start()
        var seen: Set<Bool?> = []
        while !thread.isFinished { seen.insert(OpenWriters.exist(for: file.rawValue)) }
        #expect(!seen.contains(nil) && seen.contains(false))
        // A process that another test starts has all descriptors for a moment, also one that was being opened here.
        let deadline = Deadline(10)
        while OpenWriters.exist(for: file.rawValue) == true, !deadline.isOver { usleep(1000) }
        #expect(OpenWriters.exist(for: file.rawValue) == false)
    }
}
