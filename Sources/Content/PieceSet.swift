/// A set of pieces of one file: a bit for each, least significant bit first.
public struct PieceSet: Hashable, Sendable {
    // trap: pieceCount, count, position, first, end, index, span: of pieces, of which a file has 2^20 at most

    /// Pieces in the file; members are below it.
    public let pieceCount: Int
    public private(set) var count = 0
    private var words: [UInt64]

    public init(pieceCount: Int) {
        self.pieceCount = pieceCount
        words = Array(repeating: 0, count: (pieceCount + 63) / 64)
    }

    /// Of one piece.
    public init(pieceCount: Int, piece: Int) {
        self.init(pieceCount: pieceCount)
        insert(piece)
    }

    /// - Parameter bytes: as `bytes` gives them.
    /// - Returns: nil for another number of bytes than the pieces need, and for bits beyond the last piece.
    public init?(pieceCount: Int, bytes: some Collection<UInt8>) {
        self.init(pieceCount: pieceCount)
        guard bytes.count == (pieceCount + 7) / 8 else { return nil }
        for (position, byte) in bytes.enumerated() {
            words[position / 8] |= UInt64(byte) << UInt64(position % 8 * 8)
        }
        if let last = words.last, !pieceCount.isMultiple(of: 64), last >> UInt64(pieceCount % 64) != 0 { return nil }
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// A bit for each piece, least significant first; the bits after the last piece are zero.
    public var bytes: [UInt8] {
        // trap: of a word
        (0..<(pieceCount + 7) / 8).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64($0 % 8 * 8)) }
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

    public mutating func insert(_ range: Range<Int>) {
        for index in range.clamped(to: 0..<pieceCount) { insert(index) }
    }

    public mutating func remove(_ range: Range<Int>) {
        for index in range.clamped(to: 0..<pieceCount) { remove(index) }
    }

    public mutating func formUnion(_ other: PieceSet) {
        combine(other) { $0 | $1 }
    }

    public mutating func subtract(_ other: PieceSet) {
        combine(other) { $0 & ~$1 }
    }

    /// Sets of another file's pieces are left alone.
    private mutating func combine(_ other: PieceSet, _ operation: (UInt64, UInt64) -> UInt64) {
        guard other.pieceCount == pieceCount else { return }
        count = 0
        for position in words.indices {
            words[position] = operation(words[position], other.words[position])
            count += words[position].nonzeroBitCount  // trap: at most 64
        }
    }

    /// The first member of a stripe at or after `index`.
    public func next(from index: Int, of stripe: Stripe = .whole) -> Int? {
        guard index >= 0, index < pieceCount else { return nil }
        var position = index / 64
        var word = words[position] & stripe.mask & (~0 << UInt64(index % 64))
        while word == 0 {
            position += 1
            guard position < words.count else { return nil }
            word = words[position] & stripe.mask
        }
        return position * 64 + word.trailingZeroBitCount  // trap: of pieces
    }

    /// The first member of a stripe at or after `index` that is in `other`, too, a set of the same file's pieces.
    public func next(from index: Int, in other: PieceSet, of stripe: Stripe = .whole) -> Int? {
        guard index >= 0, index < pieceCount, other.pieceCount == pieceCount else { return nil }
        var position = index / 64
        var word = words[position] & other.words[position] & stripe.mask & (~0 << UInt64(index % 64))
        while word == 0 {
            position += 1
            guard position < words.count else { return nil }
            word = words[position] & other.words[position] & stripe.mask
        }
        return position * 64 + word.trailingZeroBitCount  // trap: of pieces
    }

    /// How many members lie in `range`.
    public func count(in range: Range<Int>) -> Int {
        var (count, index) = (0, max(0, range.lowerBound))
        let end = min(range.upperBound, pieceCount)
        while index < end {
            let span = min(64 - index % 64, end - index)  // trap: of a word
            let mask = span == 64 ? ~0 : (UInt64(1) << UInt64(span)) - 1  // trap: at least 1
            count += ((words[index / 64] >> UInt64(index % 64)) & mask).nonzeroBitCount
            index += span
        }
        return count
    }

    /// The members that are of a stripe.
    public func members(of stripe: Stripe) -> PieceSet {
        guard stripe != .whole else { return self }
        var members = self
        members.count = 0
        for position in words.indices {
            members.words[position] &= stripe.mask
            members.count += members.words[position].nonzeroBitCount  // trap: at most 64
        }
        return members
    }

    /// How many members are of a stripe.
    public func count(of stripe: Stripe) -> Int {
        stripe == .whole ? count : words.reduce(0) { $0 + ($1 & stripe.mask).nonzeroBitCount }
    }

    /// Every piece of the file that is no member.
    public var complement: PieceSet {
        var all = PieceSet(pieceCount: pieceCount)
        all.insert(0..<pieceCount)
        all.subtract(self)
        return all
    }

    /// The members as runs, in order and apart from each other.
    public var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = next(from: 0)
        while let first = start {
            var end = first + 1
            while contains(end) { end += 1 }
            runs.append(first..<end)
            start = next(from: end)
        }
        return runs
    }

    @discardableResult
    public mutating func remove(_ index: Int) -> Bool {
        guard contains(index) else { return false }
        words[index / 64] &= ~(1 << UInt64(index % 64))
        count -= 1
        return true
    }
}
