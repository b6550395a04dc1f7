import FoundationEssentials

/// Moments for people, in UTC, so that what two machines say can be compared: `2026-01-31 09:05 UTC`.
public enum TimeText {
    private static let years1970To9999: Range<Int64> = 0..<253_402_300_800

    /// - Parameter seconds: since 1970; anything outside 1970 to 9999 is `unknown`.
    public static func text(_ seconds: Int64?) -> String {
        guard let seconds, years1970To9999.contains(seconds) else { return "unknown" }
        let iso = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
        return iso.prefix(16).split(separator: "T").joined(separator: " ") + " UTC"
    }
}
