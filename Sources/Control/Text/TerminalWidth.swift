/// How many columns a text takes on a terminal, near enough to align a table: combining marks none, East Asian wide
/// letters and pictures two.
/// Source: Unicode Standard Annex 11, as wcwidth(3) applies it.
public enum TerminalWidth {
    /// - Parameter text: already escaped, so without control characters.
    public static func columns(_ text: some StringProtocol) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columns(of: $1) }
    }

    /// The beginning of `text` that fits into `limit` columns, with `…` in place of what was cut off.
    public static func clip(_ text: String, columns limit: Int) -> String {
        guard columns(text) > limit else { return text }
        var result = String.UnicodeScalarView()
        var width = 1
        for scalar in text.unicodeScalars {
            width += columns(of: scalar)
            guard width <= limit else { break }
            result.append(scalar)
        }
        return limit > 0 ? String(result) + "…" : ""
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        let category = scalar.properties.generalCategory
        if category == .nonspacingMark || category == .enclosingMark || category == .format { return 0 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]
}
