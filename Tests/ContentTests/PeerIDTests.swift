import TestSupport
import Testing

@testable import Content

@Suite struct PeerIDTests {
    @Test("An id is its 16 bytes, in order, as bytes and as text")
    func bytesAndText() throws {
        let id = try #require(PeerID(bytes: Array(0..<16)))
        #expect(id.bytes == Array(0..<16))
        #expect(id.hex == "000102030405060708090a0b0c0d0e0f")
        #expect(id == PeerID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F))
        #expect(id.description == "00010203")
    }

    @Test("Any other number of bytes is no id", arguments: [0, 1, 15, 17, 32])
    func wrongLength(_ count: Int) {
        #expect(PeerID(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("Random ids differ, and come back from their bytes", arguments: Seeded.seeds(1))
    func random(seed: UInt64) {
        var random = Seeded(seed)
        let ids = (0..<1000).map { _ in PeerID.random(using: &random) }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { PeerID(bytes: $0.bytes) == $0 })
    }
}
