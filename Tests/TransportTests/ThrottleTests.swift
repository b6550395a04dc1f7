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

    /// Everybody who gets a share now.
    private func served(_ throttle: inout Throttle, at now: UInt64) -> [UInt64] {
        var served: [UInt64] = []
        while let next = throttle.next(at: now) { served.append(next.connection.rawValue) }
        return served
    }

    @Test("The line is served first come, first served, a share each, as far as the bytes go")
    func order() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        for number in 1...8 { throttle.join(connection(UInt64(number))) }
        #expect(served(&throttle, at: 0).isEmpty)
        // 20 ms are a batch, which has four shares.
        #expect(served(&throttle, at: 20_000_000) == [1, 2, 3, 4])
        throttle.join(connection(1))
        #expect(served(&throttle, at: 40_000_000) == [5, 6, 7, 8])
        #expect(served(&throttle, at: 60_000_000) == [1])
    }

    @Test("There is something to wait for only while there is a line, and one timer is enough")
    func wakes() {
        var throttle = throttle
        throttle.join(connection(1))
        #expect(throttle.wake(at: 0) == nil)
        _ = throttle.setRate(nil, at: 0)
        _ = throttle.setRate(rate, at: 0)
        #expect(throttle.wake(at: 0) == nil)
        throttle.join(connection(1))
        let moment = throttle.wake(at: 0) ?? 0
        #expect((19_900_000...20_000_000).contains(moment))
        // Bytes that are there at once are still not looked for at once.
        #expect(throttle.wake(at: 19_999_000) == 29_999_000)
    }

    @Test("Without a limit everybody who waited is free")
    func frees() {
        var throttle = throttle
        _ = throttle.setRate(rate, at: 0)
        throttle.join(connection(1))
        throttle.join(connection(2))
        #expect(throttle.setRate(nil, at: 0) == [connection(1), connection(2)])
        #expect(!throttle.isLimited && throttle.burst == .max)
        #expect(served(&throttle, at: .max).isEmpty)
    }
}
