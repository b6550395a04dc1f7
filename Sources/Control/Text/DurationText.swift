/// Lengths of time for people: `0.45 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`.
public enum DurationText {
    private static let maxSeconds: Double = 1_000_000 * 86_400

    /// - Parameter seconds: anything; negative is 0, beyond a million days (or no number) is `a long time`.
    public static func text(_ seconds: Double) -> String {
        guard seconds < maxSeconds else { return "a long time" }
        let hundredths = UInt64((max(0, seconds) * 100).rounded())
        guard hundredths >= 1000 else { return "\(hundredths / 100).\(twoDigits(hundredths % 100)) s" }
        let whole = (hundredths + 50) / 100
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return pair(whole, 60, "min", 1, "s")
        case ..<86_400: return pair(whole, 3600, "h", 60, "min")
        default: return pair(whole, 86_400, "d", 3600, "h")
        }
    }

    /// Beyond so long, what is left at the rate of a moment says nothing.
    private static let maxClockSeconds: Double = 30 * 86_400

    /// Whole seconds, for a number that changes while one looks at it: `0:07`, `12:05`, `3:00:09`.
    public static func clock(_ seconds: Double) -> String {
        guard seconds < maxClockSeconds else { return "-:--" }
        let whole = UInt64(max(0, seconds).rounded(.up))
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        let tail = twoDigits(whole % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(tail)" : "\(minutes):\(tail)"
    }

    private static func pair(
        _ seconds: UInt64, _ large: UInt64, _ largeName: String, _ small: UInt64, _ smallName: String
    ) -> String {
        let rest = seconds % large / small
        return rest == 0 ? "\(seconds / large) \(largeName)" : "\(seconds / large) \(largeName) \(rest) \(smallName)"
    }

    private static func twoDigits(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
