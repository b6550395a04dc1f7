import Foundation

/// Until when a test waits for what must happen: far longer than it takes, so that only its absence fails the test. Under
/// a sanitizer that is longer.
public struct Deadline {
    public let seconds: Double
    private let begin = Deadline.now()

    public init(_ seconds: Double) {
        self.seconds = seconds * Double(Sanitizer.slack)
    }

    public var isOver: Bool { Deadline.now() - begin > seconds }

    /// Seconds on the monotonic clock.
    public static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
