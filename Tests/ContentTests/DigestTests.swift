import Testing

@testable import Content

@Suite struct DigestTests {
    private let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    @Test("A digest is its 32 bytes, in order, as bytes and as text")
    func bytesAndText() throws {
        let digest = try #require(Digest(bytes: Array(0..<32)))
        #expect(digest.hex == text)
        #expect(digest == Digest(hex: text.uppercased()))
        #expect(digest.withUnsafeBytes { Array($0) } == Array(0..<32))
        #expect(digest.prefix == "000102030405")
    }

    @Test("Any other number of bytes or digits is no digest", arguments: [0, 1, 31, 33, 64])
    func wrongLength(_ count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 0, count: count)) == nil)
        #expect(Digest(hex: String(repeating: "00", count: count)) == nil)
        #expect(Digest(hex: String(text.dropLast())) == nil)
    }

    @Test("An array of digests is one block of their bytes")
    func flat() throws {
        let digests = [try #require(Digest(bytes: Array(0..<32))), .zero]
        #expect(digests.withUnsafeBytes { Array($0) } == Array(0..<32) + [UInt8](repeating: 0, count: 32))
    }

    @Test("Two roots are one only with the same digest and the same length")
    func roots() {
        #expect(FileRoot(digest: .zero, length: 0) == .empty)
        #expect(FileRoot(digest: .zero, length: 1) != .empty)
        #expect(FileRoot(digest: .zero, length: 7).description == "000000000000…, 7 bytes")
    }
}
