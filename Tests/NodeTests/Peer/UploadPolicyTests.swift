import Content
import Testing

@testable import Node

struct UploadPolicyTests {
    private let policy = UploadPolicy(slots: 16)

    @Test("A limit leaves as many slots as get enough each, and at least one")
    func slots() {
        #expect(policy.slots(at: nil) == 16)
        // Where turns would take too long the limit divides what there is.
        for (bytesPerSecond, slots) in [(24 << 10, 12), (95 << 10, 16), (1 << 20, 1), (1 << 50, 1)] {
            let rate = ByteRate(bytesPerSecond: UInt64(bytesPerSecond))
            #expect(UploadPolicy(slots: 1).slots(at: rate) == slots)
        }
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
