import Testing

@testable import Content

@Suite struct PieceLayoutTests {
    private static let mebibyte: UInt64 = 1 << 20
    private static let gibibyte: UInt64 = 1 << 30

    @Test("Each length has the piece size that the documents name for it, and beyond 4 TiB there is none")
    func pieceSizes() {
        let borders: [(length: UInt64, log2: UInt8?)] = [
            (0, 20), (1, 20), (8 << 20, 20), (8 << 20 + 1, 18), (128 << 20, 18), (128 << 20 + 1, 19), (256 << 20, 19),
            (256 << 20 + 1, 20), (64 << 30, 20), (64 << 30 + 1, 21), (128 << 30, 21), (128 << 30 + 1, 22),
            (1 << 42, 22), (1 << 42 + 1, nil), (.max, nil),
        ]
        for border in borders {
            #expect(PieceLayout(length: border.length)?.pieceSizeLog2 == border.log2, "\(border.length) bytes")
        }
    }

    @Test("No file has more pieces than 2^20")
    func pieceCounts() throws {
        for (length, count) in [(64 << 30, 1 << 16), (128 << 30, 1 << 16), (1 << 42, 1 << 20)] as [(UInt64, Int)] {
            #expect(try #require(PieceLayout(length: length)).pieceCount == count)
        }
    }

    @Test(
        "A file of k pieces, a byte less and a byte more has k, k and k+1 pieces",
        arguments: [(1, 20), (2, 20), (7, 20), (64, 18), (511, 18), (400, 19), (1000, 20)] as [(UInt64, UInt64)])
    func aroundBorders(_ pieces: UInt64, _ log2: UInt64) throws {
        let whole = pieces << log2
        for (length, count) in [(whole, pieces), (whole - 1, pieces), (whole + 1, pieces + 1)] {
            let layout = try #require(PieceLayout(length: length))
            #expect(layout.pieceCount == Int(count))
            #expect((0..<layout.pieceCount).reduce(UInt64(0)) { $0 + UInt64(layout.size(of: $1)) } == length)
            #expect((0..<layout.pieceCount - 1).allSatisfy { layout.size(of: $0) == layout.pieceSize })
        }
    }

    @Test("The last piece of a byte more than k pieces has one byte")
    func lastPiece() throws {
        let layout = try #require(PieceLayout(length: 3 * Self.mebibyte + 1))
        #expect(layout.size(of: 3) == 1)
        #expect(layout.offset(of: 3) == 3 * Self.mebibyte)
    }

    @Test("An empty file has no piece, a file of one byte has one")
    func smallest() throws {
        #expect(try #require(PieceLayout(length: 0)).pieceCount == 0)
        let single = try #require(PieceLayout(length: 1))
        #expect(single.pieceCount == 1)
        #expect(single.size(of: 0) == 1)
    }

    @Test("A piece has as many leaves as go into it")
    func leaves() throws {
        #expect(try #require(PieceLayout(length: 1)).leavesPerPiece == 64)
        #expect(try #require(PieceLayout(length: 1 << 42)).leavesPerPiece == 256)
    }

    @Test("Offsets beyond 4 GiB do not wrap")
    func farOffsets() throws {
        let layout = try #require(PieceLayout(length: 1 << 42))
        #expect(layout.offset(of: layout.pieceCount - 1) == 1 << 42 - 4 << 20)
    }

    @Test("The holders' shares cover every piece once, in order, and differ by one piece at most")
    func shares() throws {
        let lengths = [
            0, 1, Self.mebibyte, Self.mebibyte + 1, 7 * Self.mebibyte, 100 * Self.mebibyte - 1, 5 * Self.gibibyte,
        ]
        for length in lengths {
            let layout = try #require(PieceLayout(length: length))
            for holders in Array(1...20) + [64, 333, 1000, 10_007] {
                let shares = (0..<holders).map { layout.share($0, of: holders) }
                #expect(shares.flatMap { $0 } == Array(0..<layout.pieceCount), "\(length) bytes of \(holders)")
                let counts = shares.map(\.count)
                #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(length) bytes of \(holders)")
            }
        }
    }

    @Test("With whole pieces for every holder, a share is the original's i*length/n ..< (i+1)*length/n")
    func originalFormula() throws {
        let layout = try #require(PieceLayout(length: 12 * Self.mebibyte))
        for holders in [1, 2, 3, 4, 6, 12] as [UInt64] {
            for holder in 0..<holders {
                let share = layout.share(Int(holder), of: Int(holders))
                #expect(layout.offset(of: share.lowerBound) == holder * layout.length / holders)
                #expect(layout.offset(of: share.upperBound) == (holder + 1) * layout.length / holders)
            }
        }
    }
}
