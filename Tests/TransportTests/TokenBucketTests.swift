import Content
import TestSupport
import Testing

@testable import Transport

struct TokenBucketTests {
    private func rate(_ bytesPerSecond: UInt64) throws -> ByteRate {
        try #require(ByteRate(bytesPerSecond: bytesPerSecond))
    }

    private static func anyRate(_ random: inout Seeded) -> UInt64 {
        .random(in: 1...1 << UInt64.random(in: 0...50, using: &random), using: &random)
    }

    @Test(
        "Whoever takes all there is gets what the rate gives to the byte, however often it looks",
        arguments: Seeded.seeds(20))
    func exact(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let rate = try rate(Self.anyRate(&random))
        let start = UInt64.random(in: 0...1 << 60, using: &random)
        var bucket = TokenBucket(rate, at: start)
        var (now, taken) = (start, 0)
        // Never so long that the bucket is full: what flows over is lost, as it should be.
        let longest = UInt64(Double(bucket.burst) / Double(rate.bytesPerSecond) * 0.9e9)
        for _ in 0..<5000 {
            now += .random(in: 0...max(1, longest), using: &random)
            let available = bucket.available(at: now)
            bucket.spend(available)
            taken += available
            let expected = Int(Int128(rate.bytesPerSecond) * Int128(now - start) / 1_000_000_000)
            try #require(taken == expected)
        }
    }

    @Test("Between any two moments no more passes than the rate gives and the burst", arguments: Seeded.seeds(20))
    func bounded(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let rate = try rate(Self.anyRate(&random))
        var bucket = TokenBucket(rate, at: 0)
        var (now, passed): (UInt64, [(UInt64, Int)]) = (0, [])
        for _ in 0..<300 {
            now += .random(in: 0...400_000_000, using: &random)
            let available = bucket.available(at: now)
            #expect((0...bucket.burst).contains(available))
            let taken = Int.random(in: 0...available, using: &random)
            let unused = Int.random(in: 0...taken, using: &random)
            bucket.spend(taken)
            bucket.giveBack(unused)
            passed.append((now, taken - unused))
        }
        for first in stride(from: 0, to: passed.count, by: 7) {
            var sum = 0
            for (moment, bytes) in passed[first...] {
                sum += bytes
                let given = Int128(rate.bytesPerSecond) * Int128(moment - passed[first].0) / 1_000_000_000
                try #require(Int128(sum) <= given + Int128(bucket.burst) + 1)
            }
        }
    }

    @Test("The moment told is the first at which the bytes are there", arguments: Seeded.seeds(20))
    func moments(_ seed: UInt64) throws {
        var random = Seeded(seed)
        for _ in 0..<200 {
            var bucket = TokenBucket(try rate(Self.anyRate(&random)), at: 1000)
            bucket.spend(.random(in: 0...1 << 20, using: &random))
            let bytes = Int.random(in: 1...bucket.burst, using: &random)
            let moment = bucket.moment(of: bytes, from: 1000)
            var before = bucket
            #expect(before.available(at: moment - 1) < bytes)
            #expect(bucket.available(at: moment) >= bytes)
        }
    }

    @Test("It begins empty, fills to the burst and no further, and a debt is paid first")
    func fills() throws {
        var bucket = TokenBucket(try rate(1 << 20), at: 0)
        #expect(bucket.available(at: 0) == 0)
        #expect(bucket.available(at: 1_000_000_000_000) == bucket.burst)
        bucket.spend(bucket.burst + (1 << 20))
        #expect(bucket.available(at: 1_999_999_999_999 - 999_000_000_000) == 0)
        #expect(bucket.available(at: 1_001_000_000_000) == 0)
        #expect(bucket.available(at: 1_001_001_000_000) == 1048)
    }

    @Test("More than the burst is waited for only until the burst is there")
    func capsWait() throws {
        var bucket = TokenBucket(try rate(1 << 20), at: 0)
        #expect(bucket.moment(of: .max, from: 0) == bucket.moment(of: bucket.burst, from: 0))
    }

    @Test("The ends of all ranges trap nowhere")
    func extremes() throws {
        for bytesPerSecond in [1, ByteRate.max] {
            var bucket = TokenBucket(try rate(bytesPerSecond), at: 0)
            #expect(bucket.available(at: .max) == bucket.burst)
            for _ in 0..<10 { bucket.spend(.max) }
            #expect(bucket.available(at: .max) == 0)
            #expect(bucket.moment(of: .max, from: .max) == .max)
            for _ in 0..<20 { bucket.giveBack(.max) }
            #expect(bucket.available(at: .max) == bucket.burst)
            // Time does not go back.
            #expect(bucket.available(at: 0) == bucket.burst)
        }
    }

    @Test("A change of rate keeps what is there and what is owed, and counts from its own moment")
    func changes() throws {
        var bucket = TokenBucket(try rate(1 << 20), at: 0)
        var faster = bucket.changed(to: try rate(2 << 20), at: 50_000_000)
        #expect(faster.available(at: 50_000_000) == 52_428)
        #expect(faster.available(at: 60_000_000) == 52_428 + 20_972)
        var slower = bucket.changed(to: try rate(1), at: 10_000_000_000)
        #expect(slower.available(at: 10_000_000_000) == slower.burst)
        bucket.spend(100_000)
        var indebted = bucket.changed(to: try rate(100_000), at: 0)
        #expect(indebted.available(at: 1_000_000_000) == 0)
        #expect(indebted.available(at: 1_010_000_000) == 1000)
    }

    @Test("A burst has room for a batch, and a batch for a share, at every rate")
    func fit() throws {
        for bits in 0...50 {
            let rate = try rate(1 << UInt64(bits))
            #expect(TransportLimits.batch(of: rate) <= TransportLimits.burst(of: rate))
            #expect(TransportLimits.share(of: rate) <= TransportLimits.batch(of: rate))
        }
    }
}
