/// How a file of a given length is cut into pieces.
///
/// The piece size is a function of the length alone, so that every peer that knows a root also knows its pieces: 1 MiB up
/// to 64 GiB, then doubling up to 4 MiB. Between 8 and 256 MiB it is smaller, so that there are 512 pieces if a quarter of
/// a mebibyte is enough for that: those who fetch such a file together soon have something for each other, and wait
/// little at the end. A shorter file is over before that counts, and most files are so short. A piece is also the unit
/// that is received into one buffer, hashed and written, which is why it does not grow further; a longer file just has
/// more pieces, up to `maxLength`.
public struct PieceLayout: Hashable, Sendable {
    // trap: log2, pieceSize, leafSize, size, length, offset, holder: below 2^43, and a piece is none without a length

    /// BEP 52: the tree's leaves cover 16 KiB each.
    public static let leafSize = 16 * 1024
    /// Of most files; the longest file of one piece has this length.
    public static let usualPieceSizeLog2: UInt8 = 20
    public static let minPieceSizeLog2: UInt8 = 18
    public static let maxPieceSizeLog2: UInt8 = 22
    /// 4 TiB: 2^20 pieces of 4 MiB, whose piece layer is 32 MiB.
    public static let maxLength: UInt64 = 1 << 42
    /// Up to this length the usual size.
    private static let briefLength: UInt64 = 8 << 20
    /// Enough for a crowd, unless that makes them too small.
    private static let crowdPieceCount: UInt64 = 1 << 9
    private static let pieceCountBeforeDoubling: UInt64 = 1 << 16

    /// Bytes in the file.
    public let length: UInt64
    public let pieceSizeLog2: UInt8

    /// - Returns: nil for a file longer than `maxLength`.
    public init?(length: UInt64) {
        guard length <= PieceLayout.maxLength else { return nil }
        self.length = length
        pieceSizeLog2 = PieceLayout.pieceSizeLog2(of: length)
    }

    private static func pieceSizeLog2(of length: UInt64) -> UInt8 {
        var log2 = length > briefLength ? minPieceSizeLog2 : usualPieceSizeLog2
        while log2 < usualPieceSizeLog2, length > crowdPieceCount << log2 { log2 += 1 }
        while log2 < maxPieceSizeLog2, length > pieceCountBeforeDoubling << log2 { log2 += 1 }
        return log2
    }

    /// Bytes in every piece but the last.
    public var pieceSize: Int { 1 << Int(pieceSizeLog2) }  // trap: at most 22

    /// 0 for an empty file.
    public var pieceCount: Int {
        Int((length + UInt64(pieceSize) - 1) >> UInt64(pieceSizeLog2))  // trap: at most 2^20
    }

    /// Leaves of the tree under one whole piece.
    public var leavesPerPiece: Int { pieceSize / PieceLayout.leafSize }

    /// Where piece `index` begins in the file, in bytes.
    public func offset(of index: Int) -> UInt64 { UInt64(index) << UInt64(pieceSizeLog2) }

    /// Bytes in piece `index`; none from `pieceCount` on.
    public func size(of index: Int) -> Int {
        Int(min(UInt64(pieceSize), length - min(length, offset(of: index))))  // trap: at most a piece
    }

    /// Where a run of pieces lies in the file, in bytes; it must end by `pieceCount`.
    public func span(of pieces: Range<Int>) -> Range<UInt64> {
        min(length, offset(of: pieces.lowerBound))..<min(length, offset(of: pieces.upperBound))
    }

    /// Bytes in all pieces of a set.
    public func bytes(of pieces: PieceSet) -> UInt64 {
        guard !pieces.isComplete else { return length }
        let last = pieceCount - 1  // trap: not all are there, so there are some
        let shortfall = pieces.contains(last) ? pieceSize - size(of: last) : 0
        // trap: of the last, which is among them
        return UInt64(pieces.count) << UInt64(pieceSizeLog2) - UInt64(shortfall)
    }

    /// The original system's division of work, with pieces for bytes: share `holder` of `holders` begins at piece
    /// `holder * pieceCount / holders`. The shares cover every piece once; some are empty when there are more holders
    /// than pieces.
    public func share(_ holder: Int, of holders: Int) -> Range<Int> {
        boundary(holder, of: holders)..<boundary(holder + 1, of: holders)
    }

    private func boundary(_ holder: Int, of holders: Int) -> Int {
        Int(UInt64(holder) * UInt64(pieceCount) / UInt64(holders))  // trap: of holders there are some
    }
}
