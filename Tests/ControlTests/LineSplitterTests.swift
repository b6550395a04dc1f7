import Testing

@testable import Control

@Suite struct LineSplitterTests {
    private func lines(_ parts: [some Collection<UInt8>], limit: Int = 100) throws -> [String] {
        var splitter = LineSplitter(limit: limit)
        var lines: [String] = []
        for part in parts {
            splitter.append(part)
            while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        return lines
    }

    @Test("Lines come out whole whichever two places the stream is split at")
    func everySplit() throws {
        let stream = Array("one\n\ntwo é\nthree\nrest".utf8)
        for first in 0...stream.count {
            for second in first...stream.count {
                let parts = [stream[..<first], stream[first..<second], stream[second...]]
                #expect(try lines(parts) == ["one", "two é", "three"])
            }
        }
    }

    @Test("Lines come out whole when every byte arrives alone")
    func byteByByte() throws {
        #expect(try lines("a\nbc\n\n\nd\n".utf8.map { [$0] }) == ["a", "bc", "d"])
    }

    @Test("A line of exactly the limit passes, one byte more does not, with or without its end")
    func limit() throws {
        #expect(try lines([Array("12345\n".utf8)], limit: 5) == ["12345"])
        for text in ["123456\n", "123456"] {
            #expect(throws: LineError.tooLong(limitBytes: 5)) { try lines([Array(text.utf8)], limit: 5) }
        }
    }

    @Test("After a line that was too long nothing comes out any more")
    func staysBroken() throws {
        var splitter = LineSplitter(limit: 3)
        splitter.append(Array("ok\n12345".utf8))
        #expect(try splitter.next() == Array("ok".utf8))
        for _ in 0..<3 {
            #expect(throws: LineError.self) { try splitter.next() }
            splitter.append(Array("\nok\n".utf8))
        }
    }
}
