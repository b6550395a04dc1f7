/// Numbers that look random, from a seed: SplitMix64 (Steele, Lea and Flood, 2014). A plan draws its ties with it, so that
/// one plan's draws do not depend on how many others there are.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// - Parameter bound: more than 0.
    mutating func roll(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        word ^= word >> 31
        return Int(truncatingIfNeeded: word.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
