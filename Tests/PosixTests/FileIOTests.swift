import Foundation
import Posix
import Testing

@Suite struct FileIOTests {
    private let scratch: Scratch
    private let directory: Directory

    init() throws {
        scratch = try Scratch()
        directory = try scratch.directory()
    }

    private func write(_ text: String, to file: Int32, at offset: UInt64 = 0) throws {
        try Array(text.utf8).withUnsafeBytes { try FileIO.write(file, $0, at: offset) }
    }

    @Test("What is written at an offset is read from there, and reading stops where the file ends")
    func readAndWrite() throws {
        let file = try directory.createFile("f")
        try write("world", to: file.rawValue, at: 6)
        try write("hello ", to: file.rawValue)
        #expect(try text(file.rawValue) == "hello world")
        #expect(try text(file.rawValue, at: 6, max: 3) == "wor")
        #expect(try text(file.rawValue, at: 11) == "")
        #expect(try text(file.rawValue, at: 1 << 40) == "")
        try FileIO.sync(file.rawValue)
    }

    @Test("Reserving gives the file its length and its space")
    func reserve() throws {
        let file = try directory.createFile("f")
        try FileIO.reserve(file.rawValue, 0..<3_000_000)
        var info = stat()
        fstat(file.rawValue, &info)
        #expect(info.st_size == 3_000_000)
        #expect(info.st_blocks * 512 >= 3_000_000)
        try FileIO.reserve(file.rawValue, 0..<0)
        #expect(try FileIO.identity(of: file.rawValue).identity.size == 3_000_000)
    }

    @Test("Reserving more than the disk has is an error that says so, before a byte is written")
    func reserveTooMuch() throws {
        let file = try directory.createFile("f")
        do {
            try FileIO.reserve(file.rawValue, 0..<(1 << 60))
            Issue.record("an exbibyte was reserved")
        } catch {
            // EFBIG where the file system has a smaller limit for one file than the disk has room.
            #expect(error.isOutOfSpace || error.code == EFBIG)
            #expect(error.description.contains("\(1 << 60) bytes"))
        }
        #expect(try FileIO.identity(of: file.rawValue).identity.size == 0)
    }

    @Test("A length is set by cutting or by zeros")
    func setLength() throws {
        let file = try directory.createFile("f")
        try write("hello", to: file.rawValue)
        try FileIO.setLength(file.rawValue, 2)
        #expect(try text(file.rawValue) == "he")
        try FileIO.setLength(file.rawValue, 4)
        #expect(try text(file.rawValue) == "he\0\0")
    }

    @Test(
        "A time of modification is set to the nanosecond, also one before 1970",
        arguments: [0, 978_307_200_123_456_789, -1, -1_500_000_000])
    func setModified(_ modified: Int64) throws {
        let file = try directory.createFile("f")
        try FileIO.setModified(file.rawValue, modified)
        #expect(try FileIO.identity(of: file.rawValue).identity.modified == modified)
    }

    @Test("A file that stays as it is keeps its identity")
    func sameIdentity() throws {
        try scratch.write("f", "content")
        let (first, second) = (
            try OpenFile(directory.openFile("f"), path: "f"), try OpenFile(directory.openFile("f"), path: "f")
        )
        let (kind, identity) = try FileIO.identity(of: first.rawValue)
        #expect(kind == .regular)
        #expect(identity.size == 7)
        #expect(abs(identity.modifiedSeconds - WallClock.seconds()) < 60)
        #expect(try FileIO.identity(of: second.rawValue).identity == identity)
    }

    /// Time stamps move with the kernel's clock tick, 10 ms at most.
    private func waitForTick() { usleep(20_000) }

    @Test("A write changes the identity, also one that leaves the length as it was")
    func changedIdentity() throws {
        try scratch.write("f", "content")
        let file = try directory.createFile("f")
        let before = try FileIO.identity(of: file.rawValue).identity
        waitForTick()
        try write("CONTENT", to: file.rawValue)
        let after = try FileIO.identity(of: file.rawValue).identity
        #expect(after.size == before.size && after.inode == before.inode)
        #expect(after.modified > before.modified && !after.hasSameBytes(as: before))
        #expect(after != before)
    }

    @Test("Another name, a new mode and a hard link change the identity but not the bytes")
    func renamed() throws {
        try scratch.write("f", "content")
        let file = try directory.openFile("f")
        let before = try FileIO.identity(of: file.rawValue).identity
        waitForTick()
        let steps: [() throws -> Void] = [
            { try directory.rename("f", to: directory, as: "g", replacing: false) },
            { try #require(chmod("\(scratch.path)/g", 0o600) == 0) },
            { try #require(link("\(scratch.path)/g", "\(scratch.path)/h") == 0) },
        ]
        for (number, step) in steps.enumerated() {
            let last = try FileIO.identity(of: file.rawValue).identity
            waitForTick()
            try step()
            let now = try FileIO.identity(of: file.rawValue).identity
            #expect(now.hasSameBytes(as: before) && now.changed > last.changed && now != last, "step \(number)")
        }
    }

    @Test("Another file under the name has another identity")
    func replaced() throws {
        try scratch.write("f", "content")
        let old = try directory.openFile("f")
        try directory.rename("f", to: directory, as: "g", replacing: true)
        try scratch.write("f", "content")
        let new = try directory.openFile("f")
        #expect(
            try FileIO.identity(of: old.rawValue).identity.inode != FileIO.identity(of: new.rawValue).identity.inode)
    }

    @Test("What was just written is in the page cache")
    func cached() throws {
        let file = try directory.createFile("f")
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        try bytes.withUnsafeBytes { try FileIO.write(file.rawValue, $0, at: 0) }
        #expect(FileIO.isCached(file.rawValue, offset: 0, count: bytes.count))
        #expect(FileIO.isCached(file.rawValue, offset: 12345, count: 1))
    }

    @Test("What was dropped from the page cache is not in it, if the file system can tell")
    func notCached() throws {
        let file = try directory.createFile("f")
        let bytes = [UInt8](repeating: 7, count: 4 << 20)
        try bytes.withUnsafeBytes { try FileIO.write(file.rawValue, $0, at: 0) }
        try FileIO.sync(file.rawValue)
        // The probe itself may start reading, and a fast disk may be done before it answers: one time in many is enough.
        for _ in 0..<100 {
            posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_DONTNEED)
            // A file system that lives in memory (tmpfs) drops nothing.
            guard try isDropped(file.rawValue, count: bytes.count) else { return }
            if !FileIO.isCached(file.rawValue, offset: 0, count: bytes.count) { return }
        }
        Issue.record("a dropped file was taken for cached a hundred times")
    }

    private func isDropped(_ file: Int32, count: Int) throws -> Bool {
        var resident = [UInt8](repeating: 0, count: count / 4096)
        let mapped = try #require(mmap(nil, count, PROT_READ, MAP_SHARED, file, 0))
        defer { munmap(mapped, count) }
        try #require(mincore(mapped, count, &resident) == 0)
        return resident.allSatisfy { $0 & 1 == 0 }
    }

    @Test("The first bytes of a file are read up to the limit, and whole bytes are written from the start")
    func wholeBytes() throws {
        let file = try directory.createFile("f")
        try FileIO.write(file.rawValue, Array("content".utf8))
        #expect(try FileIO.bytes(of: file.rawValue, limit: 4) == Array("cont".utf8))
        #expect(try FileIO.bytes(of: file.rawValue, limit: 100) == Array("content".utf8))
    }

    @Test("A call on what is not open is an error with its errno")
    func badDescriptor() {
        #expect(code { _ = try FileIO.identity(of: -1) } == EBADF)
        #expect(code { try FileIO.sync(-1) } == EBADF)
    }

    @Test(
        "A mode is what was said, whatever the umask; a directory keeps the group that it gives, a file is not setuid")
    func setsMode() throws {
        let scratch = try Scratch()
        let directory = try scratch.directory()
        try scratch.makeDirectory("sub")
        #expect(chmod("\(scratch.path)/sub", 0o2700) == 0)
        try directory.openDirectory("sub").setMode(0o777)
        #expect(try directory.standing(ofEntry: "sub")?.mode == S_IFDIR | 0o2777)
        let file = try directory.makeFile("file", mode: 0o600)
        #expect(chmod("\(scratch.path)/file", 0o4600) == 0)
        for mode in [0o777, 0o400] as [UInt16] {
            try FileIO.setMode(file.rawValue, mode)
            #expect(try directory.standing(ofEntry: "file")?.mode == S_IFREG | UInt32(mode))
        }
    }
}
