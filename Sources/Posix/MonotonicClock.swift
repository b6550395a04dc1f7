import Glibc

/// Time that never goes back, for deadlines and rates.
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary start. Source: clock_gettime(2), CLOCK_MONOTONIC.
    public static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Time of day, for people; it may jump.
public enum WallClock {
    /// Seconds since 1970-01-01 UTC.
    public static func seconds() -> Int64 { Int64(time(nil)) }

    /// Nanoseconds since 1970-01-01 UTC, by the same clock as a file's times.
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// A moment in UTC as part of a file name: `20260131-235959`.
    /// - Parameter seconds: since 1970-01-01 UTC.
    public static func stamp(_ seconds: Int64) -> String {
        var (moment, date) = (time_t(seconds), tm())
        gmtime_r(&moment, &date)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%Y%m%d-%H%M%S", &date)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
