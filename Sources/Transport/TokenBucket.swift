import Content

/// Bytes that may pass: they come in at a steady rate, and what is not taken is saved, up to the burst.
///
/// Exact: in `n` nanoseconds come `rate * n` billionths of a byte, and nothing is rounded, however often one looks. With
/// a rate of at most 2^50 and 64 bits of time, no product leaves the 128 bits that they are counted in.
struct TokenBucket {
    /// Bytes a second.
    let rate: ByteRate
    /// The most that is saved, in bytes.
    let burst: Int
    /// Billionths of a byte; below zero when more was spent than there was.
    private var level: Int128 = 0
    /// Nanoseconds.
    private var filled: UInt64

    private static let billion: Int128 = 1_000_000_000

    /// An empty bucket.
    /// - Parameter now: nanoseconds on the clock that all later times are read from.
    init(_ rate: ByteRate, at now: UInt64) {
        self.rate = rate
        burst = TransportLimits.burst(of: rate)
        filled = now
    }

    /// A bucket of another rate that goes on from what this one holds.
    func changed(to rate: ByteRate, at now: UInt64) -> TokenBucket {
        var (old, new) = (self, TokenBucket(rate, at: now))
        old.fill(at: now)
        new.level = min(old.level, Int128(new.burst) * TokenBucket.billion)
        return new
    }

    /// Whole bytes there are, 0 while there is a debt.
    mutating func available(at now: UInt64) -> Int {
        fill(at: now)
        return level > 0 ? Int(level / TokenBucket.billion) : 0
    }

    /// Takes bytes that have passed, or will: more than there are become a debt that is paid before anything else.
    mutating func spend(_ bytes: Int) {
        level -= Int128(bytes) * TokenBucket.billion
    }

    /// Takes back what was spent and did not pass.
    mutating func giveBack(_ bytes: Int) {
        level = min(level + Int128(bytes) * TokenBucket.billion, Int128(burst) * TokenBucket.billion)
    }

    /// The first nanosecond at which so many bytes, or the burst if that is less, are there.
    mutating func moment(of bytes: Int, from now: UInt64) -> UInt64 {
        fill(at: now)
        let missing = Int128(min(bytes, burst)) * TokenBucket.billion - level
        guard missing > 0 else { return now }
        let wait = (missing + Int128(rate.bytesPerSecond) - 1) / Int128(rate.bytesPerSecond)
        return UInt64(clamping: Int128(now) + wait)
    }

    /// A time before the last one adds nothing.
    private mutating func fill(at now: UInt64) {
        guard now > filled else { return }
        let gain = Int128(rate.bytesPerSecond) * Int128(now - filled)
        level = min(level + gain, Int128(burst) * TokenBucket.billion)
        filled = now
    }
}
