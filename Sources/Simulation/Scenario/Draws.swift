import Content

/// Numbers that look random, from a seed: SplitMix64 (Steele, Lea and Flood, 2014).
public struct Draws: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// Draws of their own for a purpose, so that one that is left out changes no other.
    init(seed: UInt64, for purpose: String) {
        state = seed
        for byte in purpose.utf8 { state = Draws.mixed(state &+ UInt64(byte)) }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Draws.mixed(state)
    }

    static func mixed(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func span(_ range: ClosedRange<Span>) -> Span {
        Span(nanoseconds: UInt64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds, using: &self))
    }

    /// About `mean`, from next to nothing to twice as long.
    mutating func pause(about mean: Span) -> Span {
        Span(nanoseconds: UInt64.random(in: 0...2 &* max(1, mean.nanoseconds), using: &self))
    }

    /// Evenly over the powers between: as often from 1 to 2 as from 512 to 1,024.
    mutating func power(_ exponents: ClosedRange<Int>) -> Int {
        let exponent = number(exponents)
        return 1 << exponent | Int(truncatingIfNeeded: next() & ((1 << UInt64(exponent)) &- 1))
    }

    mutating func pick<T>(_ choices: [T]) -> T? {
        choices.randomElement(using: &self)
    }
}
