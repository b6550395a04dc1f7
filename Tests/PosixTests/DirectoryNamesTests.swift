import Foundation
import Posix
import Testing

@Suite struct DirectoryNamesTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("Every name is there once, as its bytes, with its kind, and neither `.` nor `..`")
    func lists() throws {
        try scratch.write("file", "x")
        try scratch.write("é", "x")
        try scratch.write(String(repeating: "n", count: 255), "x")
        try scratch.makeDirectory("sub")
        try scratch.link("link", to: "file")
        let names = try scratch.directory().names()
        var found: [String: FileKind?] = [:]
        for index in 0..<names.count { found[String(decoding: names[index], as: UTF8.self)] = names.kind(at: index) }
        let expected: [String: FileKind?] = [
            "file": .regular, "é": .regular, String(repeating: "n", count: 255): .regular, "sub": .directory,
            "link": .other,
        ]
        #expect(names.count == 5 && found == expected)
    }

    @Test("A name that is not UTF-8 keeps its bytes")
    func rawBytes() throws {
        let path = (Array("\(scratch.path)/".utf8) + [0xFF, 0xFE, 0]).map { CChar(bitPattern: $0) }
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        let names = try scratch.directory().names()
        #expect(names.count == 1 && Array(names[0]) == [0xFF, 0xFE])
    }

    @Test("Names come in the order of their bytes, a shorter one before those that begin with it")
    func order() throws {
        for name in ["b", "a", "ab", "a b", "é", "aa", "Z"] { try scratch.write(name, "x") }
        let names = try scratch.directory().names()
        let found = (0..<names.count).map { String(decoding: names[$0], as: UTF8.self) }
        #expect(found == ["Z", "a", "a b", "aa", "ab", "b", "é"])
    }

    @Test("An empty directory has no names")
    func empty() throws {
        #expect(try scratch.directory().names().count == 0)
    }
}
