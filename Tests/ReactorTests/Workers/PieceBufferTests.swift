import Testing

@testable import Reactor

@Suite struct PieceBufferTests {
    @Test("A buffer has the size asked for and begins at a page")
    func buffer() throws {
        let memory = PieceBuffer(capacity: 100).memory
        #expect(memory.count == 100)
        #expect(UInt(bitPattern: memory.baseAddress) % 4096 == 0)
    }

    @Test("No more is lent than the pool's capacity, and what is given back is lent again")
    func capacity() throws {
        let pool = BufferPool(capacity: 300)
        let lent = (0..<3).compactMap { _ in pool.lend(100) }
        #expect(lent.count == 3)
        #expect(pool.lend(100) == nil)
        #expect(pool.lend(1) == nil)
        pool.giveBack(lent[1])
        #expect(pool.lend(100) === lent[1])
        #expect(pool.lend(1) == nil)
    }

    @Test("A buffer larger than the pool is never lent, and asking for it changes nothing")
    func tooLarge() {
        let pool = BufferPool(capacity: 100)
        #expect(pool.lend(101) == nil)
        #expect(pool.lend(100) != nil)
    }

    @Test("Buffers of another size are let go, not lent and not kept beside")
    func otherSize() throws {
        let pool = BufferPool(capacity: 400)
        pool.giveBack(try #require(pool.lend(400)))
        let small = (0..<4).compactMap { _ in pool.lend(100) }
        #expect(small.count == 4)
        #expect(small.allSatisfy { $0.memory.count == 100 })
        #expect(pool.lend(100) == nil)
    }

    @Test("An idle buffer is freed by a trim")
    func trim() throws {
        let pool = BufferPool(capacity: 100)
        weak var idle: PieceBuffer?
        do {
            let buffer = try #require(pool.lend(100))
            idle = buffer
            pool.giveBack(buffer)
        }
        #expect(idle != nil)
        pool.trim()
        #expect(idle == nil)
    }
}
