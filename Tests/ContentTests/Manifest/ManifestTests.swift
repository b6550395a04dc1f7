import TestSupport
import Testing

@testable import Content

@Suite struct ManifestTests {
    private let name: ShareName
    private let digest: Digest

    init() throws {
        name = try ShareName("models")
        digest = try #require(Digest(bytes: Array(0..<32)))
    }

    private func file(_ path: String, length: UInt64 = 5, mode: UInt32 = 0o644) -> Manifest.Entry {
        let root = FileRoot(digest: length == 0 ? .zero : digest, length: length)
        return .init(path: path, kind: .file(root, FileMode(of: mode)))
    }

    private func directory(_ path: String, mode: UInt32 = 0o755) -> Manifest.Entry {
        .init(path: path, kind: .directory(FileMode(of: mode)))
    }

    // MARK: The encoding

    /// As ARCHITECTURE.md has it.
    static let vector = """
        50325054 0200 c001 04000000
        00 ed01 0100 61
        01 e401 0500 612f622e63 0500000000000000 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
        00 ff01 0700 612f656d707479
        01 8001 0500 7a2e747874 0000000000000000 0000000000000000000000000000000000000000000000000000000000000000
        """

    private var sample: [Manifest.Entry] {
        [
            directory("a"), file("a/b.c", mode: 0o744), directory("a/empty", mode: 0o777),
            file("z.txt", length: 0, mode: 0o600),
        ]
    }

    private let mode = FileMode(of: 0o700)

    @Test("A tree is encoded byte for byte as documented, whatever order its entries come in")
    func encoded() throws {
        let expected = try #require(Hex.decode(Self.vector.filter { !$0.isWhitespace }))
        var random = Seeded(7)
        for _ in 0..<10 {
            let manifest = try Manifest(name: name, mode: mode, entries: sample.shuffled(using: &random))
            #expect(manifest.bytes == expected)
        }
    }

    @Test("What was encoded is read again: entries, names in the share, counts and lengths")
    func decoded() throws {
        let bytes = try #require(Hex.decode(Self.vector.filter { !$0.isWhitespace }))
        let manifest = try Manifest(name: name, bytes: bytes)
        #expect((0..<manifest.count).map { manifest[$0] } == sample)
        #expect(manifest.mode == mode)
        #expect(manifest.name(at: 1).path == "models/a/b.c")
        #expect((manifest.fileCount, manifest.length) == (2, 5))
        #expect((0..<4).map { manifest.length(at: $0) } == [nil, 5, nil, 0])
    }

    @Test("An empty directory is a tree of no entries")
    func empty() throws {
        let manifest = try Manifest(name: name, entries: [])
        #expect((manifest.count, manifest.fileCount, manifest.length) == (0, 0, 0))
        #expect(manifest.bytes.count == 12)
    }

    @Test("Every tree reads as it was written", arguments: Seeded.seeds(20))
    func anyTree(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let entries = Self.tree(&random)
        let manifest = try Manifest(name: name, mode: Self.mode(&random), entries: entries)
        let again = try Manifest(name: name, bytes: manifest.bytes)
        let read = (0..<again.count).map { again[$0] }
        #expect(read == entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) })
        #expect(again.mode == manifest.mode)
        #expect(try Manifest(name: name, mode: again.mode, entries: read).bytes == manifest.bytes)
    }

    @Test("Damaged bytes are refused, or are another tree with one encoding", arguments: Seeded.seeds(20))
    func damaged(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let bytes = try Manifest(name: name, entries: Self.tree(&random)).bytes
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) { Self.damage(&damaged, &random) }
            guard let manifest = try? Manifest(name: name, bytes: damaged) else { continue }
            let read = (0..<manifest.count).map { manifest[$0] }
            #expect(try Manifest(name: name, mode: manifest.mode, entries: read).bytes == damaged)
            // By bytes: with a letter that begins by an accent the slash before it is another character.
            for entry in read {
                #expect(try ShareName("models/" + entry.path).path.utf8.starts(with: "models/".utf8))
            }
        }
    }

    private static func tree(_ random: inout Seeded) -> [Manifest.Entry] {
        var directories: [String] = [""]
        var entries: [Manifest.Entry] = []
        for number in 0..<Int.random(in: 0...40, using: &random) {
            let letters = ["a", "é", "-", " ", "語", ".", "z"].shuffled(using: &random).prefix(3).joined()
            let path = (directories.randomElement(using: &random) ?? "") + letters + "\(number)"
            if Bool.random(using: &random) {
                directories.append(path + "/")
                entries.append(.init(path: path, kind: .directory(mode(&random))))
            } else {
                let length = UInt64.random(in: 0...3, using: &random)
                let bytes = (0..<32).map { _ in length == 0 ? 0 : UInt8.random(in: 0...255, using: &random) }
                let root = FileRoot(digest: Digest(bytes: bytes) ?? .zero, length: length)
                entries.append(.init(path: path, kind: .file(root, mode(&random))))
            }
        }
        return entries.shuffled(using: &random)
    }

    private static func mode(_ random: inout Seeded) -> FileMode {
        FileMode(of: .random(in: 0...0o777, using: &random))
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout Seeded) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[position] = .random(in: 0...255, using: &random)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: position)
        default: bytes.insert(.random(in: 0...255, using: &random), at: position)
        }
        if bytes.isEmpty { bytes = [0] }
    }

    // MARK: What is refused

    private func bytes(count: UInt32, mode: UInt16 = 0o755, _ entries: [UInt8]...) -> [UInt8] {
        let header =
            Manifest.magic + [2, 0, UInt8(mode & 0xFF), UInt8(mode >> 8)]
            + withUnsafeBytes(of: count.littleEndian) { Array($0) }
        return header + entries.joined()
    }

    private func raw(
        _ kind: UInt8, _ path: String, mode: UInt16 = 0o755, length: UInt64 = 5, digest: [UInt8]? = nil
    ) -> [UInt8] {
        let path = Array(path.utf8)
        var bytes =
            [kind, UInt8(mode & 0xFF), UInt8(mode >> 8), UInt8(path.count & 0xFF), UInt8(path.count >> 8)] + path
        if kind > 0 {
            bytes += withUnsafeBytes(of: length.littleEndian) { Array($0) }
            bytes += digest ?? Array(0..<32)
        }
        return bytes
    }

    private func refusal(_ bytes: [UInt8]) -> ManifestError? {
        do throws(ManifestError) { _ = try Manifest(name: name, bytes: bytes) } catch { return error }
        return nil
    }

    private func refusal(of entries: [Manifest.Entry]) -> ManifestError? {
        do throws(ManifestError) { _ = try Manifest(name: name, entries: entries) } catch { return error }
        return nil
    }

    @Test("Bytes that are none, of another version, cut off anywhere or with something behind them are refused")
    func frame() throws {
        let whole = try Manifest(name: name, entries: sample).bytes
        #expect(refusal(Array("PK\u{3}\u{4}0123456789".utf8)) == .notAManifest)
        #expect(refusal(whole + [0]) == .trailingBytes(1))
        var other = whole
        other[4] = 1
        #expect(refusal(other) == .wrongVersion(1))
        for count in 0..<whole.count { #expect(refusal(Array(whole[..<count])) == .truncated) }
        #expect(refusal(bytes(count: 1, [2, 0, 0, 1, 0, 0x61])) == .unknownKind(2))
    }

    @Test("A mode of more than permissions is refused, of a file, a directory and the tree itself")
    func modes() {
        for mode in [0o1000, 0o2755, 0o4755, 0o100644, .max] as [UInt16] {
            #expect(refusal(bytes(count: 1, raw(0, "a", mode: mode))) == .badMode(path: "a", mode))
            #expect(refusal(bytes(count: 1, raw(1, "a", mode: mode))) == .badMode(path: "a", mode))
            #expect(refusal(bytes(count: 0, mode: mode)) == .badMode(path: ".", mode))
        }
        for mode in [0, 0o777] as [UInt16] {
            #expect(refusal(bytes(count: 2, mode: mode, raw(0, "a", mode: mode), raw(1, "b", mode: mode))) == nil)
        }
        #expect("\(ManifestError.badMode(path: "a", 0o4755))" == "a has the mode 4755; at most 777 is allowed")
    }

    @Test("A number of entries beyond the cap, or that the bytes cannot hold, is refused before room is made for them")
    func numbers() {
        #expect(refusal(bytes(count: 1_000_001)) == .tooMany(entries: 1_000_001))
        #expect(refusal(bytes(count: .max)) == .tooMany(entries: UInt64(UInt32.max)))
        #expect(refusal(bytes(count: 1_000_000, raw(0, "a"))) == .truncated)
        #expect(refusal(bytes(count: 0, raw(0, "a"))) == .trailingBytes(6))
    }

    @Test("An encoding of more than 256 MiB is refused")
    func tooLong() {
        let bytes = Manifest.magic + [UInt8](repeating: 0, count: ManifestLimits.bytesMax)
        #expect(refusal(bytes) == .tooLong(bytes: UInt64(ManifestLimits.bytesMax) + 4))
    }

    @Test(
        "A path that leads out of the directory, or is no name, is refused",
        arguments: [
            ("..", ShareNameError.dotComponent), ("../a", .dotComponent), (".", .dotComponent), ("", .emptyComponent),
            ("/a", .emptyComponent), ("a/", .emptyComponent), ("a//b", .emptyComponent), ("a\nb", .controlCharacter),
            (String(repeating: "a", count: 256), .tooLong(bytes: 256)),
        ])
    func names(_ path: String, _ error: ShareNameError) {
        #expect(refusal(bytes(count: 1, raw(1, path))) == .badName(path: path, error))
    }

    @Test("A path that is too long only together with the directory's name is refused")
    func longTogether() throws {
        let parts = (1...4).map { _ in String(repeating: "a", count: 254) }
        var entries = (1...4).map { directory(parts[..<$0].joined(separator: "/")) }
        // 4 parts of 254 and 3 slashes; "models/" before them; 1,024 at most.
        #expect(refusal(of: entries) == .badName(path: parts.joined(separator: "/"), .tooLong(bytes: 1026)))
        entries.removeLast()
        #expect(refusal(of: entries) == nil)
    }

    @Test("What nobody shares is refused: directories too deep, and what a download has replaced")
    func neverShared() {
        // The directory itself is one of them.
        let depth = ShareName.directoryDepthMax
        var entries = (1..<depth).map { directory(Array(repeating: "d", count: $0).joined(separator: "/")) }
        entries.append(file(Array(repeating: "d", count: depth - 1).joined(separator: "/") + "/f"))
        #expect(refusal(of: entries) == nil)
        let deep = Array(repeating: "d", count: depth).joined(separator: "/")
        #expect(refusal(of: Array(entries.dropLast()) + [directory(deep)]) == .tooDeep(path: deep))
        #expect(refusal(of: [file("a.~1~")]) == .backup(path: "a.~1~"))
        #expect(refusal(of: [directory("a.~1~")]) == nil)
    }

    @Test("What would be the daemon's own at the top of the share is a name like any other below a directory")
    func reserved() {
        #expect(refusal(of: [directory(".p2pd")]) == nil)
    }

    @Test("Bytes that are not UTF-8 are refused as a path")
    func notUTF8() {
        #expect(refusal(bytes(count: 1, [0, 0, 0, 2, 0, 0x61, 0xFF])) == .badName(path: "a\u{FFFD}", .notUTF8))
    }

    @Test("Paths out of order, or the same path twice, are refused")
    func order() {
        #expect(refusal(bytes(count: 2, raw(0, "b"), raw(0, "a"))) == .outOfOrder(path: "a", after: "b"))
        #expect(refusal(bytes(count: 2, raw(0, "a"), raw(0, "a"))) == .duplicate(path: "a"))
        #expect(refusal(bytes(count: 2, raw(0, "a"), raw(1, "a"))) == .duplicate(path: "a"))
        #expect(refusal(of: [file("a"), file("a", mode: 0o755)]) == .duplicate(path: "a"))
    }

    @Test("What lies in a directory that is not there, or in a file, is refused; sorted apart from it is not")
    func parents() {
        #expect(refusal(of: [file("a/b")]) == .withoutParent(path: "a/b"))
        #expect(refusal(of: [directory("a"), file("a/b/c")]) == .withoutParent(path: "a/b/c"))
        #expect(refusal(of: [file("a"), file("a/b")]) == .insideFile(path: "a/b"))
        #expect(refusal(of: [directory("a"), file("a-b"), file("a.c"), file("a/b"), directory("a/x")]) == nil)
    }

    @Test("A file longer than pieces allow is refused, so that no sum of lengths comes near 2^63")
    func lengths() {
        let longest = PieceLayout.maxLength
        #expect(refusal(of: [file("a", length: longest)]) == nil)
        for length in [longest + 1, 1 << 62, 1 << 63, .max] {
            #expect(refusal(of: [file("a", length: length)]) == .fileTooLong(path: "a", bytes: length))
        }
        let (sum, overflow) = longest.multipliedReportingOverflow(by: UInt64(ManifestLimits.entriesMax))
        #expect(!overflow && sum < 1 << 63)
    }

    @Test("A file of no bytes has the digest of none, or is refused")
    func emptyFile() {
        #expect(refusal(bytes(count: 1, raw(1, "a", length: 0))) == .emptyWithDigest(path: "a"))
        let zero = [UInt8](repeating: 0, count: 32)
        #expect(refusal(bytes(count: 1, raw(1, "a", length: 0, digest: zero))) == nil)
    }

    @Test(
        "Names that only case tells apart are refused, and both are named",
        arguments: [
            ("README", "readme"), ("Straße", "STRASSE"), ("É", "é"), ("ſ", "S"), ("Σ", "ς"), ("ПРИВЕТ", "привет"),
        ])
    func collisions(_ one: String, _ other: String) {
        let (first, second) = one.utf8.lexicographicallyPrecedes(other.utf8) ? (one, other) : (other, one)
        #expect(refusal(of: [file(one), file(other)]) == .caseCollision(path: first, other: second))
        let below = [directory("d"), file("d/" + one), directory("d/" + other)]
        #expect(refusal(of: below) == .caseCollision(path: "d/" + first, other: "d/" + second))
        #expect(refusal(of: [directory("c"), directory("d"), file("c/" + one), file("d/" + other)]) == nil)
    }

    @Test("Names that differ in more than case are two, also in the two spellings of é")
    func noCollisions() {
        #expect(refusal(of: [file("a"), file("b"), file("ab"), file("a b"), file("\u{E9}"), file("e\u{301}")]) == nil)
    }

    @Test("An error names what is wrong without what a terminal would act on")
    func texts() {
        let error = ManifestError.badName(path: "a\u{1B}[2J", .controlCharacter)
        #expect("\(error)" == "a\\u{1b}[2J: the name has a control character")
        #expect("\(ManifestError.caseCollision(path: "A", other: "a"))".contains("A from a"))
    }
}
