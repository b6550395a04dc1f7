import Content
import Testing

@testable import Transport

struct ThrottleTests {
    private let rate: ByteRate
    private var throttle = Throttle()

    init() throws {
        rate = try #require(ByteRate(bytesPerSecond: 10 << 20))
    }

    private func connection(_ number: UInt64) -> ConnectionID { ConnectionID(rawValue: number) }

    private func party(_ number: UInt64) -> Party { .connection(connection(number)) }

    /// Everybody who gets a share now.
    private func served(_ throttle: inout Throttle, at now: UInt64) -> [UInt64] {
        var served: [UInt64] = []
        while let next = throttle.next(at: now) { served.append(next.connection.rawValue) }
        return served
    }

    @Test("The line is served first come, first served, a turn of 60 ms each, in parts as the bytes come")
    func order() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        for number in 1...3 { throttle.join(connection(UInt64(number)), of: party(UInt64(number))) }
        #expect(served(&throttle, at: 0).isEmpty)
        for moment in stride(from: UInt64(20), through: 60, by: 20) {
            #expect(served(&throttle, at: moment * 1_000_000) == [1])
            throttle.join(connection(1), of: party(1))
        }
        #expect(served(&throttle, at: 80_000_000) == [2])
        // It needs no more: what is left of its turn is nobody's.
        #expect(served(&throttle, at: 100_000_000) == [3])
        throttle.join(connection(3), of: party(3))
        #expect(served(&throttle, at: 160_000_000) == [3, 1])
    }

    @Test("A peer gets the same as others, on however many connections it stands in line")
    func countsPeers() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        let greedy = Party.peer(PeerID(high: 0, low: 1), host: .loopback(0))
        func party(_ number: UInt64) -> Party { number == 9 ? self.party(9) : greedy }
        for number in [1, 2, 3, 4, 9] as [UInt64] { throttle.join(connection(number), of: party(number)) }
        var gained: [UInt64: Int] = [:]
        for moment in stride(from: UInt64(20), through: 4800, by: 20) {
            while let (connection, share) = throttle.next(at: moment * 1_000_000) {
                gained[connection.rawValue, default: 0] += share
                throttle.join(connection, of: party(connection.rawValue))
            }
        }
        let (honest, all) = (gained[9] ?? 0, gained.values.reduce(0, +))
        #expect(abs(honest * 2 - all) < all / 20, "\(gained)")
        // Its connections take turns, too.
        #expect(gained.values.allSatisfy { $0 > all / 20 }, "\(gained)")
    }

    @Test("Whoever needs little takes little, and the next one's turn comes at once")
    func givesBack() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        throttle.join(connection(1), of: party(1))
        throttle.join(connection(2), of: party(2))
        let first = throttle.next(at: 20_000_000)
        #expect(first?.connection == connection(1))
        throttle.giveBack((first?.share ?? 0) - 1000)
        let second = throttle.next(at: 20_000_000)
        #expect(second?.connection == connection(2) && (second?.share ?? 0) > 100_000)
    }

    @Test("There is something to wait for only while there is a line, and one timer is enough")
    func wakes() {
        var throttle = throttle
        throttle.join(connection(1), of: party(1))
        #expect(throttle.wake(at: 0) == nil)
        _ = throttle.setRate(nil, at: 0)
        _ = throttle.setRate(rate, at: 0)
        #expect(throttle.wake(at: 0) == nil)
        throttle.join(connection(1), of: party(1))
        let moment = throttle.wake(at: 0) ?? 0
        #expect((19_900_000...20_000_000).contains(moment))
        // Bytes that are there at once are still not looked for at once.
        #expect(throttle.wake(at: 19_999_000) == 29_999_000)
    }

    @Test("Without a limit everybody who waited is free")
    func frees() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        throttle.join(connection(1), of: party(1))
        throttle.join(connection(2), of: party(2))
        #expect(throttle.setRate(nil, at: 0) == [connection(1), connection(2)])
        #expect(!throttle.isLimited && throttle.burst == .max)
        #expect(served(&throttle, at: .max).isEmpty)
    }
}
