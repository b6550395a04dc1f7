/// A set of pieces of one file: a bit for each, least significant bit first.
public struct PieceSet: Hashable, Sendable {
    /// Pieces in the file; members are below it.
    public let pieceCount: Int
    public private(set) var count = 0
    private var words: [UInt64]

    public init(pieceCount: Int) {
        self.pieceCount = pieceCount
        words = Array(repeating: 0, count: (pieceCount + 63) / 64)
    }

    public var isComplete: Bool { count == pieceCount }
    public var isEmpty: Bool { count == 0 }

    /// False for an index that is not of this file.
    public func contains(_ index: Int) -> Bool {
        guard index >= 0, index < pieceCount else { return false }
        return words[index / 64] & (1 << UInt64(index % 64)) != 0
    }

    /// - Returns: whether the piece was added: false if it was there already or is not of this file.
    @discardableResult
    public mutating func insert(_ index: Int) -> Bool {
        guard index >= 0, index < pieceCount, !contains(index) else { return false }
        words[index / 64] |= 1 << UInt64(index % 64)
        count += 1
        return true
    }

    @discardableResult
    public mutating func remove(_ index: Int) -> Bool {
        guard contains(index) else { return false }
        words[index / 64] &= ~(1 << UInt64(index % 64))
        count -= 1
        return true
    }
}
