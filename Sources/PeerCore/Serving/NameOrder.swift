/// Rows of a table in the order of their names: finding, adding and removing one costs about as much among hundreds of
/// thousands as among a few, and a page of them is read from where it begins.
///
/// Rows lie in blocks, each in order and before the next. The names themselves are the table's: whoever asks for a place
/// says which rows come before it.
struct NameOrder: Sendable {
    /// A block that is full is cut in two; moving half a block's numbers along costs less than finding the block.
    private static let blockMax = 512

    /// Where a row stands, or would.
    struct Place {
        fileprivate var block: Int
        fileprivate var offset: Int
    }

    private var blocks: [[UInt32]] = []
    /// Behind the row that was added last: the next one often belongs there, since directories are gone through in order.
    private var finger = Place(block: 0, offset: 0)

    /// The place of the first row that does not come before what is looked for.
    /// - Parameter isBefore: true for some first rows, and false for all after them.
    func place(where isBefore: (UInt32) -> Bool) -> Place {
        guard let last = blocks.last?.last, !isBefore(last) else { return end }
        if finger.offset > 0, let next = self[finger], !isBefore(next),
            isBefore(blocks[finger.block][finger.offset - 1])
        {
            return finger
        }
        let block = NameOrder.partition(blocks.count) { isBefore(blocks[$0][blocks[$0].count - 1]) }
        return Place(block: block, offset: NameOrder.partition(blocks[block].count) { isBefore(blocks[block][$0]) })
    }

    private var end: Place { Place(block: max(0, blocks.count - 1), offset: blocks.last?.count ?? 0) }

    /// The row at a place; nil at the end.
    subscript(place: Place) -> UInt32? {
        guard place.block < blocks.count, place.offset < blocks[place.block].count else { return nil }
        return blocks[place.block][place.offset]
    }

    func after(_ place: Place) -> Place {
        guard place.block + 1 < blocks.count, place.offset + 1 == blocks[place.block].count else {
            return Place(block: place.block, offset: place.offset + 1)
        }
        return Place(block: place.block + 1, offset: 0)
    }

    mutating func insert(_ row: UInt32, at place: Place) {
        if blocks.isEmpty { blocks.append([]) }
        blocks[place.block].insert(row, at: place.offset)
        finger = Place(block: place.block, offset: place.offset + 1)
        guard blocks[place.block].count > NameOrder.blockMax else { return }
        // A block that grows at its end is full of what will stay: the next one begins empty.
        let isLast = place.block + 1 == blocks.count && place.offset == NameOrder.blockMax
        let kept = isLast ? NameOrder.blockMax : NameOrder.blockMax / 2
        let moved = Array(blocks[place.block][kept...])
        blocks[place.block].removeSubrange(kept...)
        blocks.insert(moved, at: place.block + 1)
    }

    mutating func remove(at place: Place) {
        blocks[place.block].remove(at: place.offset)
        if blocks[place.block].isEmpty { blocks.remove(at: place.block) }
    }

    private static func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
