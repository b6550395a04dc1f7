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
}
