/// Amounts of data for people: `17 B`, `1.5 KiB`, `200 MiB`.
public enum ByteText {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// Three digits or a few more: below ten with one decimal place, unless that is a zero.
    public static func size(_ bytes: UInt64) -> String {
        var unit = 0
        // Rounded before it is compared, so that 1023.99 KiB becomes 1 MiB and not 1024 KiB.
        while unit + 1 < units.count, rounded(bytes, unit: unit) >= 10_240 { unit += 1 }
        let tenths = rounded(bytes, unit: unit)
        let whole = tenths < 1000 && tenths % 10 != 0
        return whole ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\((tenths + 5) / 10) \(units[unit])"
    }

    /// - Parameter bytesPerSecond: anything; what is not a finite positive number is 0.
    public static func rate(_ bytesPerSecond: Double) -> String {
        size(UInt64(exactly: bytesPerSecond.rounded()) ?? 0) + "/s"
    }

    /// Tenths of a unit of 1024^unit bytes, to the nearest; above 100 of the unit, whole units.
    private static func rounded(_ bytes: UInt64, unit: Int) -> UInt64 {
        let tenths = (Double(bytes) * 10 / Double(UInt64(1) << UInt64(10 * unit))).rounded()
        return tenths < 1000 ? UInt64(tenths) : UInt64((tenths / 10).rounded()) * 10
    }
}
