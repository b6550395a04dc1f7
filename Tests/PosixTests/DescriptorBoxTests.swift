import Foundation
import Posix
import Testing

@Suite struct DescriptorBoxTests {
    @Test("A boxed descriptor is given up once, and closed by whoever took it, here at once")
    func once() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let reader = FileDescriptor(owning: ends[0])
        let box = DescriptorBox(FileDescriptor(owning: ends[1]))
        #expect(box.rawValue == ends[1])
        let first = box.take()?.rawValue
        #expect(first == ends[1])
        let second = box.take()?.rawValue
        #expect(second == nil)
        #expect(isAtEnd(reader.rawValue))
    }

    @Test("A descriptor that nobody took is closed with its box")
    func closes() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let reader = FileDescriptor(owning: ends[0])
        do { _ = DescriptorBox(FileDescriptor(owning: ends[1])) }
        #expect(isAtEnd(reader.rawValue))
    }

    /// Whether the writing end of a pipe is closed.
    private func isAtEnd(_ reader: Int32) -> Bool {
        var byte: UInt8 = 0
        return read(reader, &byte, 1) == 0
    }
}
