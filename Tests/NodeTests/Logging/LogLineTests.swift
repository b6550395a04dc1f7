import Logging
import Testing

@testable import Node

@Suite struct LogLineTests {
    private func line(_ metadata: Logger.Metadata, message: String = "peer joined") -> String {
        LogLine.text(
            time: UnixTime(milliseconds: 1_795_401_044_123), level: .info, message: message, metadata: metadata)
    }

    private func value(_ text: String) -> String {
        String(line(["v": .string(text)]).dropFirst("2026-11-23T02:30:44.123Z info peer joined v=".count).dropLast())
    }

    @Test("a line is time, level, message and the metadata by key")
    func form() {
        #expect(
            line(["id": "0a1b", "address": "127.0.0.1:7002"])
                == "2026-11-23T02:30:44.123Z info peer joined address=127.0.0.1:7002 id=0a1b\n")
        #expect(line([:]) == "2026-11-23T02:30:44.123Z info peer joined\n")
    }

    @Test(
        "a value is quoted when it could pass for anything else",
        arguments: [
            ("plain/path-1.bin", "plain/path-1.bin"), ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""),
            ("say \"x\"", "\"say \\\"x\\\"\""), ("C:\\n", "\"C:\\\\n\""), ("grün", "\"grün\""),
            ("x\ninfo forged", "\"x\\ninfo forged\""), ("\r\n", "\"\\r\\n\""), ("\u{1B}[31m", "\"\\u{1b}[31m\""),
            ("a\u{0}b", "\"a\\u{0}b\""), ("\u{202E}fdp", "\"\\u{202e}fdp\""), ("a\u{85}b", "\"a\\u{85}b\""),
            ("a\u{2028}b", "\"a\\u{2028}b\""), ("\"\u{301}", "\"\\\"\u{301}\""),
        ])
    func quoting(text: String, expected: String) {
        #expect(Array(value(text).utf8) == Array(expected.utf8))
    }

    @Test("whatever a value, a key or a message holds, the event is one line")
    func oneLine() {
        let hostile = String(String.UnicodeScalarView((0..<0x3000).compactMap(Unicode.Scalar.init)))
        for text in [hostile, String(hostile.unicodeScalars.suffix(200)), "\n", "\r\n", "\u{2029}", "\u{B}\u{C}"] {
            let line = line([text: .array([.string(text), .dictionary([text: .string(text)])])], message: text)
            #expect(line.unicodeScalars.filter(\.properties.isPatternWhitespace).allSatisfy { $0 == " " || $0 == "\n" })
            #expect(line.utf8.filter { $0 == 10 }.count == 1)
            #expect(line.utf8.last == 10)
        }
    }

    @Test("a long value is cut, with a mark that it was")
    func longValue() {
        #expect(value(String(repeating: "x", count: 1024)) == String(repeating: "x", count: 1024))
        #expect(value(String(repeating: "x", count: 1025)) == "\"" + String(repeating: "x", count: 1024) + "…\"")
    }

    @Test("lists and tables are one value")
    func nested() {
        #expect(line(["v": ["a", ["k": "v 1"]]]).hasSuffix(" v=\"[a,{k:v 1}]\"\n"))
    }
}
