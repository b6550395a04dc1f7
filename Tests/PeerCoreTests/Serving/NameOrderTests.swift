import TestSupport
import Testing

@testable import PeerCore

@Suite struct NameOrderTests {
    /// An order of numbers that are their own names.
    private struct Model {
        var order = NameOrder()
        var sorted: [UInt32] = []

        mutating func insert(_ row: UInt32) {
            order.insert(row, at: order.place { $0 < row })
            sorted.insert(row, at: sorted.firstIndex { $0 > row } ?? sorted.count)
        }

        mutating func remove(_ row: UInt32) {
            order.remove(at: order.place { $0 < row })
            sorted.removeAll { $0 == row }
        }

        var all: [UInt32] {
            var place = order.place { _ in false }
            var rows: [UInt32] = []
            while let row = order[place] {
                rows.append(row)
                place = order.after(place)
            }
            return rows
        }
    }

    @Test("Whatever is added and removed, the rows are in order and each is found", arguments: Seeded.seeds(3))
    func random(seed: UInt64) {
        var random = Seeded(seed)
        var model = Model()
        for step in 0..<4000 {
            let row = UInt32.random(in: 0..<6000, using: &random)
            if model.sorted.contains(row) { model.remove(row) } else { model.insert(row) }
            let sought = UInt32.random(in: 0..<6000, using: &random)
            #expect(model.order[model.order.place { $0 < sought }] == model.sorted.first { $0 >= sought })
            if step % 500 == 0 { #expect(model.all == model.sorted) }
        }
        #expect(model.all == model.sorted)
    }

    @Test("Thousands added at the end, at the beginning or in the middle come out in order", arguments: [0, 1, 2])
    func growth(_ way: Int) {
        var model = Model()
        for index in 0..<3000 as Range<UInt32> {
            switch way {
            case 0: model.insert(index)
            case 1: model.insert(5000 - index)
            default: model.insert(index.isMultiple(of: 2) ? index : 10_000 - index)
            }
        }
        #expect(model.all == model.sorted)
        for row in model.sorted { model.remove(row) }
        #expect(model.all.isEmpty && model.order[model.order.place { _ in true }] == nil)
    }
}
