import Foundation
import Testing

@testable import Posix

@Suite struct MappedRangeTests {
    private let scratch: Scratch
    private let path: String

    init() throws {
        scratch = try Scratch()
        path = "\(scratch.path)/file"
    }

    private func file(_ length: Int) throws -> FileHandle {
        try Data((0..<length).map { UInt8(truncatingIfNeeded: $0) }).write(to: URL(fileURLWithPath: path))
        return try FileHandle(forUpdating: URL(fileURLWithPath: path))
    }

    @Test("A range is what the file has there")
    func bytes() throws {
        let file = try file(300_000)
        let bytes = MappedRange.read(file.fileDescriptor, offset: 8192, count: 100_000) { Array($0) }
        #expect(bytes == (8192..<108_192).map { UInt8(truncatingIfNeeded: $0) })
        #expect(MappedRange.read(file.fileDescriptor, offset: 0, count: 0) { _ in 1 } == nil)
    }

    @Test("A file that is cut while it is looked at ends neither the process nor in bytes that pass for its own")
    func cut() throws {
        let file = try file(300_000)
        let sum = MappedRange.read(file.fileDescriptor, offset: 0, count: 300_000) { bytes in
            #expect(ftruncate(file.fileDescriptor, 10_000) == 0)
            return bytes.reduce(0) { $0 &+ Int($1) }
        }
        #expect(sum == nil)
        // The next is none the worse for it.
        #expect(MappedRange.read(file.fileDescriptor, offset: 0, count: 10_000) { $0.count } == 10_000)
    }

    @Test("A range beyond the end is none")
    func beyond() throws {
        let file = try file(10_000)
        #expect(MappedRange.read(file.fileDescriptor, offset: 0, count: 100_000) { $0.last } == nil)
    }

    @Test("What cannot be mapped is told as such")
    func pipe() throws {
        let pipe = Pipe()
        #expect(MappedRange.read(pipe.fileHandleForReading.fileDescriptor, offset: 0, count: 4096) { _ in 1 } == nil)
    }
}
