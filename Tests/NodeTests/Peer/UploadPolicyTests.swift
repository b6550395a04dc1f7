import Content
import Testing

@testable import Node

struct UploadPolicyTests {
    private let policy = UploadPolicy(slots: 16)

    @Test("A limit leaves as many slots as get enough each, and at least one")
    func slots() {
        #expect(policy.slots(at: nil) == 16)
        for (bytesPerSecond, slots) in [(1, 1), (4 << 10, 2), (24 << 10, 12), (1 << 20, 16), (1 << 50, 16)] {
            #expect(policy.slots(at: ByteRate(bytesPerSecond: UInt64(bytesPerSecond))) == slots)
        }
    }

    @Test("A turn is worth what goes out in a second, between the smallest full piece and the largest")
    func turns() {
        #expect(policy.turnBytes(at: nil) == 4 << 20)
        for (bytesPerSecond, bytes) in [(0, 1 << 20), (3e6, 3_000_000), (1e18, 4 << 20), (.infinity, 4 << 20)] {
            #expect(policy.turnBytes(at: bytesPerSecond) == bytes)
        }
        #expect(policy.turnBytesMax >= 1 << Int(PieceLayout.maxPieceSizeLog2))
    }
}
