import Testing

@testable import Content

@Suite struct TerminalTextTests {
    @Test(
        "Text without control characters stays as it is",
        arguments: ["", "a b", "é語🦉", "\u{65}\u{301}", "\u{A0}", "\\n"])
    func unchanged(_ text: String) {
        #expect(Array(TerminalText.escape(text).utf8) == Array(text.utf8))
    }

    @Test("What a terminal would act on is written as an escape")
    func escapes() {
        #expect(TerminalText.escape("a\nb\rc\td") == "a\\nb\\rc\\td")
        #expect(TerminalText.escape("\u{1B}[2J") == "\\u{1b}[2J")
        #expect(TerminalText.escape("\r\n") == "\\r\\n")
        #expect(TerminalText.escape("\u{9B}2J") == "\\u{9b}2J")
    }

    @Test("Every control, every mark of direction and everything without width is escaped")
    func all() throws {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x1F, 0x7F...0x9F, 0x61C...0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF...0xFEFF,
        ]
        for value in ranges.joined() {
            let scalar = try #require(Unicode.Scalar(value))
            let text = TerminalText.escape("a\(scalar)b")
            #expect(
                text.hasPrefix("a\\") && text.hasSuffix("b") && text.utf8.count > 3, "U+\(String(value, radix: 16))")
            #expect(text.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) })
        }
    }

    @Test("An escaped text is not escaped again")
    func idempotent() {
        let once = TerminalText.escape("\u{202E}a\u{7F}\n")
        #expect(TerminalText.escape(once) == once)
    }
}
