/// Amounts of data for people: `17 B`, `1.5 KiB`, `200 MiB`.
public enum ByteText {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// Below a hundred with one decimal place, unless that is a zero.
    public static func size(_ bytes: UInt64) -> String { text(bytes, .toNearestOrAwayFromZero) }

    /// Never less than it is: what somebody makes room for has to be enough.
    public static func atLeast(_ bytes: UInt64) -> String { text(bytes, .up) }

    private static func text(_ bytes: UInt64, _ rule: FloatingPointRoundingRule) -> String {
        var unit = 0
        // Rounded before it is compared, so that 1023.99 KiB becomes 1 MiB and not 1024 KiB.
        while unit + 1 < units.count, rounded(bytes, unit: unit, rule) >= 1024 { unit += 1 }
        let amount = rounded(bytes, unit: unit, rule)
        let whole = UInt64(amount)
        let tenth = UInt64((amount * 10).rounded()) - whole * 10
        return tenth == 0 ? "\(whole) \(units[unit])" : "\(whole).\(tenth) \(units[unit])"
    }

    /// - Parameter bytesPerSecond: anything; what is not a finite positive number is 0.
    public static func rate(_ bytesPerSecond: Double) -> String {
        size(UInt64(exactly: bytesPerSecond.rounded()) ?? 0) + "/s"
    }

    /// In units of 1024^unit bytes: tenths below 100, whole numbers above.
    private static func rounded(_ bytes: UInt64, unit: Int, _ rule: FloatingPointRoundingRule) -> Double {
        let amount = Double(bytes) / Double(UInt64(1) << UInt64(10 * unit))
        let tenths = (amount * 10).rounded(rule) / 10
        return tenths < 100 ? tenths : amount.rounded(rule)
    }
}
