/// Every second piece of a file, or every one: what goes one way through a crowd.
public struct Stripe: Hashable, Sendable {
    public let number: Int
    /// Of how many.
    public let count: Int
    /// The bits of its pieces in a word of a set.
    let mask: UInt64

    /// All pieces.
    public static let whole = Stripe(0, of: 1)

    /// - Parameter count: 1 or 2.
    public init(_ number: Int, of count: Int) {
        self.number = number
        self.count = count
        mask = count == 1 ? ~0 : number == 0 ? 0x5555_5555_5555_5555 : 0xAAAA_AAAA_AAAA_AAAA
    }

    /// How many of so many pieces are in it.
    public func size(among pieces: Int) -> Int { (pieces + count - 1 - number) / count }

    public func contains(_ piece: Int) -> Bool { piece & (count - 1) == number }
}
