import Testing

@testable import PeerCore

@Suite struct TableTests {
    private var table = Table<Int, [String]>()

    @Test("A value is found under its key, changed where it is, and gone when nil is written")
    mutating func values() {
        #expect(table[1] == nil)
        table[1]?.append("nowhere")
        #expect(table.isEmpty)
        table[1] = ["a"]
        table[2] = ["b"]
        table[1]?.append("c")
        #expect(table[1] == ["a", "c"])
        #expect(table.count == 2)
        table[1] = nil
        #expect(table[1] == nil)
        #expect(table[2] == ["b"])
        #expect(Array(table.keys) == [2])
    }

    @Test("A place that is free is used again, and the value there is the new key's alone")
    mutating func reused() {
        for key in 0..<3 { table[key] = ["\(key)"] }
        #expect(table.removeValue(forKey: 1) == ["1"])
        #expect(table.removeValue(forKey: 1) == nil)
        table[7] = ["7"]
        table[8] = ["8"]
        #expect(table[1] == nil)
        #expect([0, 2, 7, 8].map { table[$0] } == [["0"], ["2"], ["7"], ["8"]])
        #expect(table.values.count == 4)
    }

    @Test("Going through it shows what was there at the beginning, whatever is changed meanwhile")
    mutating func iterated() {
        for key in 0..<5 { table[key] = ["\(key)"] }
        var seen: [Int: [String]] = [:]
        for (key, value) in table {
            seen[key] = value
            table[(key + 1) % 5] = nil
            table[key + 10] = ["new"]
        }
        #expect(seen == Dictionary(uniqueKeysWithValues: (0..<5).map { ($0, ["\($0)"]) }))
        #expect(table.keys.sorted() == [10, 11, 12, 13, 14])
    }
}
