import Foundation

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers for the same seed.
public struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    public init(_ seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// Seeds to pass to a test as arguments, so that a failure names the one it happened with. `P2PD_TEST_SEED` replays
    /// one.
    public static func seeds(_ count: Int) -> [UInt64] {
        if let fixed = ProcessInfo.processInfo.environment["P2PD_TEST_SEED"].flatMap(UInt64.init) { return [fixed] }
        return (0..<count).map { _ in .random(in: 0...999_999_999) }
    }
}
