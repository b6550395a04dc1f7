import TestSupport
import Testing

@testable import Content

@Suite struct PieceSetTests {
    @Test("What is inserted is contained and counted once, what is removed is not", arguments: [1, 63, 64, 65, 1000])
    func insertAndRemove(_ pieceCount: Int) {
        var pieces = PieceSet(pieceCount: pieceCount)
        for index in 0..<pieceCount {
            #expect(!pieces.contains(index))
            let inserted = (pieces.insert(index), pieces.insert(index))
            #expect(inserted == (true, false))
        }
        #expect(pieces.isComplete && pieces.count == pieceCount)
        for index in 0..<pieceCount {
            let removed = (pieces.remove(index), pieces.remove(index))
            #expect(removed == (true, false))
        }
        #expect(pieces.isEmpty && pieces == PieceSet(pieceCount: pieceCount))
    }

    @Test(
        "An index that is not of the file is neither contained nor inserted nor removed",
        arguments: [-1, 65, 64 * 2, .min, .max])
    func outside(_ index: Int) {
        var pieces = PieceSet(pieceCount: 65)
        #expect(!pieces.contains(index))
        let (inserted, removed) = (pieces.insert(index), pieces.remove(index))
        #expect(!inserted && !removed)
        #expect(pieces.isEmpty)
    }

    @Test("Of a stripe there are its members only, in sets of any size", arguments: Seeded.seeds(5))
    func stripes(seed: UInt64) {
        var random = Seeded(seed)
        let pieceCount = Int.random(in: 1...300, using: &random)
        var (pieces, other) = (PieceSet(pieceCount: pieceCount), PieceSet(pieceCount: pieceCount))
        for piece in 0..<pieceCount where Bool.random(using: &random) { pieces.insert(piece) }
        for piece in 0..<pieceCount where Bool.random(using: &random) { other.insert(piece) }
        for stripe in [Stripe.whole, Stripe(0, of: 2), Stripe(1, of: 2)] {
            let members = (0..<pieceCount).filter { pieces.contains($0) && stripe.contains($0) }
            #expect(pieces.members(of: stripe).runs.flatMap { $0 } == members)
            #expect(pieces.members(of: stripe).count == members.count && pieces.count(of: stripe) == members.count)
            #expect(stripe.size(among: pieceCount) == (0..<pieceCount).count { stripe.contains($0) })
            for start in 0..<pieceCount {
                let after = members.filter { $0 >= start }
                #expect(pieces.next(from: start, of: stripe) == after.first)
                #expect(pieces.next(from: start, in: other, of: stripe) == after.first { other.contains($0) })
            }
        }
    }

    @Test("The set of an empty file is complete and empty at once")
    func ofNothing() {
        let pieces = PieceSet(pieceCount: 0)
        #expect(pieces.isComplete && pieces.isEmpty && !pieces.contains(0))
    }

    @Test("Bytes, runs and unions say the same as a set of integers", arguments: Seeded.seeds(5))
    func forms(seed: UInt64) throws {
        var random = Seeded(seed)
        let pieceCount = Int.random(in: 1...300, using: &random)
        let models = (0..<2).map { _ in
            Set((0..<pieceCount).filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
        }
        var sets = models.map { model in
            var pieces = PieceSet(pieceCount: pieceCount)
            for index in model { pieces.insert(index) }
            return pieces
        }
        #expect(PieceSet(pieceCount: pieceCount, bytes: sets[0].bytes) == sets[0])
        #expect(sets[0].runs.flatMap { $0 } == models[0].sorted())
        #expect(
            (0..<pieceCount).allSatisfy { index in sets[0].next(from: index) == models[0].filter { $0 >= index }.min() }
        )
        let first = sets[0]
        sets[0].formUnion(sets[1])
        #expect(sets[0].count == models[0].union(models[1]).count)
        #expect(sets[0].runs.flatMap { $0 } == models[0].union(models[1]).sorted())
        sets[0].subtract(first)
        #expect(sets[0].runs.flatMap { $0 } == models[1].subtracting(models[0]).sorted())
    }

    @Test("Bytes of another number, or with bits beyond the last piece, are no set")
    func foreignBytes() {
        #expect(PieceSet(pieceCount: 9, bytes: [0xFF]) == nil)
        #expect(PieceSet(pieceCount: 9, bytes: [0xFF, 0x01, 0x00]) == nil)
        #expect(PieceSet(pieceCount: 9, bytes: [0xFF, 0x02]) == nil)
        #expect(PieceSet(pieceCount: 9, bytes: [0xFF, 0x01])?.isComplete == true)
        #expect(PieceSet(pieceCount: 0, bytes: []) != nil)
    }

    @Test("It says the same as a set of integers after any inserts and removals", arguments: Seeded.seeds(3))
    func againstModel(seed: UInt64) {
        var random = Seeded(seed)
        var pieces = PieceSet(pieceCount: 200)
        var model = Set<Int>()
        for _ in 0..<2000 {
            let index = Int.random(in: 0..<200, using: &random)
            if Bool.random(using: &random) {
                let inserted = pieces.insert(index)
                #expect(inserted == model.insert(index).inserted)
            } else {
                let removed = pieces.remove(index)
                #expect(removed == (model.remove(index) != nil))
            }
            #expect(pieces.count == model.count)
        }
        #expect((0..<200).filter(pieces.contains) == model.sorted())
    }
}
