import Content
import Storage
import Testing

@testable import Node

struct ScanQueueTests {
    private var queue = ScanQueue()
    private let second: UInt64 = 1_000_000_000

    private mutating func add(_ names: String...) throws {
        for name in names { queue.add(try ShareName(name), at: 0) }
    }

    /// The directories scanned one after the other; a scan of the whole share is `*`.
    private mutating func scanned(at now: UInt64 = 0) -> [String] {
        var names: [String] = []
        while let next = queue.next(at: now) {
            switch next {
            case .whole:
                names.append("*")
                queue.begin(.again(ShareBaseline()), at: now)
            case .part(let name):
                names.append(name.path)
                queue.begin(.part, at: now)
            }
            _ = queue.ended(at: now)
        }
        return names
    }

    @Test("Directories are scanned in their order, each once, and not behind one that they lie in")
    mutating func order() throws {
        try add("b", "a/x", "b", "b/c/d", "a", "bb")
        #expect(scanned() == ["b", "a/x", "a", "bb"])
        #expect(queue.isIdle)
        try add("b")
        #expect(scanned() == ["b"])
    }

    @Test("Nothing is begun while a scan runs")
    mutating func oneAtATime() throws {
        try add("a")
        queue.begin(.part, at: 0)
        queue.addWhole(at: 0)
        let next = queue.next(at: 0)
        #expect(next == nil && !queue.isIdle)
    }

    @Test("A scan of the whole share stands for all that wait")
    mutating func whole() throws {
        try add("a", "b")
        queue.addWhole(at: 0)
        #expect(scanned() == ["*"])
        #expect(queue.isIdle)
    }

    @Test("Between two scans of the whole share there are two seconds, and more after a long one")
    mutating func pauses() {
        queue.addWhole(at: 0)
        #expect(scanned() == ["*"])
        queue.addWhole(at: 0)
        #expect(queue.wholeDue == 2 * second)
        #expect(scanned(at: 2 * second - 1) == [])
        #expect(scanned(at: 2 * second) == ["*"])
        queue.begin(.again(ShareBaseline()), at: 10 * second)
        queue.addWhole(at: 11 * second)
        let isWhole = queue.ended(at: 15 * second)
        #expect(isWhole)
        #expect(queue.wholeDue == 35 * second)
    }

    @Test("Asked for early and late, it is done early")
    mutating func earliest() {
        queue.addWhole(at: 30 * second)
        queue.addWhole(at: 5 * second)
        queue.addWhole(at: 9 * second)
        #expect(queue.wholeDue == 5 * second)
    }
}

extension ScanQueue.Next: Equatable {
    public static func == (left: ScanQueue.Next, right: ScanQueue.Next) -> Bool {
        switch (left, right) {
        case (.whole, .whole): true
        case (.part(let left), .part(let right)): left == right
        case (.whole, .part), (.part, .whole): false
        }
    }
}
