import Testing

@testable import Content

@Suite struct ShareNameTests {
    @Test(
        "A path inside the share is a name, with its bytes as they are",
        arguments: [
            "a", "a.bin", "models/a.bin", "a b/c d", " ", "...", ".hidden", "a/..b", "语/🦉", "x/.p2pd", ".p2pd2",
        ])
    func accepted(_ text: String) throws {
        #expect(Array(try ShareName(text).path.utf8) == Array(text.utf8))
        #expect(try ShareName(bytes: Array(text.utf8)) == ShareName(text))
    }

    @Test(
        "A path that could leave the share, or that is the daemon's own, is refused with the reason",
        arguments: [
            ("", ShareNameError.empty), ("/", .absolute), ("/a", .absolute), ("a/", .emptyComponent),
            ("a//b", .emptyComponent), (".", .dotComponent), ("..", .dotComponent), ("a/..", .dotComponent),
            ("./a", .dotComponent), ("a/./b", .dotComponent), (".p2pd", .reserved), (".p2pd/a", .reserved),
        ])
    func refused(_ text: String, _ error: ShareNameError) {
        #expect(throws: error) { try ShareName(text) }
    }

    @Test(
        "A name with a control character or a line separator is refused",
        arguments: [0x00, 0x01, 0x09, 0x0A, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F, 0x2028, 0x2029] as [UInt32])
    func controls(_ value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(throws: ShareNameError.controlCharacter) { try ShareName("a\(scalar)b") }
    }

    @Test(
        "Bytes that are not UTF-8 are refused: stray, overlong, surrogate, cut off",
        arguments: [[0xFF], [0x80], [0xC0, 0xAF], [0x61, 0xED, 0xA0, 0x80], [0x61, 0xE2, 0x82]] as [[UInt8]])
    func notUTF8(_ bytes: [UInt8]) {
        #expect(throws: ShareNameError.notUTF8) { try ShareName(bytes: bytes) }
    }

    // MARK: What Swift's strings would get wrong

    @Test("A slash before a combining mark is still a slash")
    func combiningSlash() throws {
        #expect(try ShareName("a/\u{301}b").components == ["a", "\u{301}b"])
        #expect(throws: ShareNameError.absolute) { try ShareName("/\u{301}a") }
        #expect(throws: ShareNameError.emptyComponent) { try ShareName("a//\u{301}b") }
        #expect(throws: ShareNameError.dotComponent) { try ShareName("../\u{301}b") }
        #expect(throws: ShareNameError.reserved) { try ShareName(".p2pd/\u{301}b") }
    }

    @Test("A dot before a combining mark is a name like any other")
    func combiningDot() throws {
        #expect(try ShareName("..\u{301}").components == ["..\u{301}"])
    }

    @Test("The two spellings of é are two names, unequal, with their own places in a set")
    func composed() throws {
        let (composed, decomposed) = (try ShareName("\u{E9}"), try ShareName("e\u{301}"))
        #expect(composed.path == decomposed.path)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(decomposed < composed)
    }

    @Test("Names are ordered by their bytes")
    func order() throws {
        let sorted = try ["A", "a", "a/b", "ab", "b", "é", "語"].map { try ShareName($0) }
        #expect(sorted.shuffled().sorted() == sorted)
    }

    // MARK: Lengths

    @Test("A part of 255 bytes is accepted, one of 256 is not, counted in bytes and not in characters")
    func componentLength() throws {
        #expect(try ShareName(String(repeating: "a", count: 255)).path.utf8.count == 255)
        #expect(throws: ShareNameError.tooLong(bytes: 256)) { try ShareName(String(repeating: "a", count: 256)) }
        #expect(throws: ShareNameError.tooLong(bytes: 256)) { try ShareName("x/" + String(repeating: "é", count: 128)) }
    }

    @Test("A name of 1,024 bytes is accepted, one of 1,025 is not")
    func length() throws {
        let longest = Array(repeating: String(repeating: "a", count: 204), count: 5).joined(separator: "/")
        #expect(longest.utf8.count == 1024)
        #expect(try ShareName(longest).path == longest)
        #expect(throws: ShareNameError.tooLong(bytes: 1025)) { try ShareName(longest + "a") }
        #expect(throws: ShareNameError.tooLong(bytes: 1025)) { try ShareName(bytes: Array((longest + "a").utf8)) }
    }

    @Test("What a refusal says fits one line")
    func descriptions() {
        let errors: [ShareNameError] = [
            .empty, .absolute, .emptyComponent, .dotComponent, .controlCharacter, .notUTF8, .reserved,
            .tooLong(bytes: 9),
        ]
        for error in errors { #expect(!error.description.isEmpty && !error.description.contains("\n")) }
    }

    @Test("Names are equal byte by byte, and equal ones have one hash")
    func equality() throws {
        let names = try ["a", "a/b", "ab", "\u{E9}", "e\u{301}", String(repeating: "x", count: 100)].map {
            try ShareName($0)
        }
        #expect(Set(names).count == names.count)
        for name in names { #expect(try Set([name, ShareName(String(name.path.unicodeScalars))]).count == 1) }
    }

    @Test("A backup's name is that of a file with a number between tildes, and no other is taken for one")
    func backups() throws {
        for number in [1, 9, 10, 1000] {
            let name = try ShareName("a/b").backup(number)
            #expect(name.path == "a/b.~\(number)~" && name.isBackup)
        }
        #expect(try ShareName("x.~1~.~2~").isBackup)
        let others = [
            "a", "~", "a~", "a.~~", "a.~0~", "a.~01~", "a.~1", "a~1~", "a.~x~", "a.~1x~", ".~1~", "a/.~1~", "1~",
            "a.~1~/b",
        ]
        for other in others { #expect(!(try ShareName(other).isBackup), "\(other)") }
    }

    @Test("A name knows the directory it lies in, how deep, and which are above it")
    func places() throws {
        let (top, file) = (try ShareName("a"), try ShareName("a/b/c"))
        #expect(file.parent?.path == "a/b" && file.parent?.parent == top && top.parent == nil)
        #expect(file.depth == 3 && top.depth == 1)
        for above in ["a", "a/b"] { #expect(file.isBelow(try ShareName(above))) }
        for other in ["a/b/c", "a/b/c/d", "b", "a/bb", "a/x"] {
            #expect(!file.isBelow(try ShareName(other)), "\(other)")
        }
    }
}
