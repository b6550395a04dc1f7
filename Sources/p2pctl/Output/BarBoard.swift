/// Lines at the bottom of a terminal that are drawn over again and again: one for each download that runs.
struct BarBoard {
    /// More would push what was said out of sight.
    private static let maxLines = 12

    private var drawn = 0

    /// Lines that there is room for: one row stays free for the cursor's own.
    static var room: Int { max(1, min(maxLines, Terminal.rows - 1)) }

    /// Draws over what was drawn before; without lines, only wipes it.
    mutating func draw(_ lines: [String]) {
        guard drawn > 0 || !lines.isEmpty else { return }
        let up = drawn > 1 ? "\u{1B}[\(drawn - 1)A" : ""
        Terminal.draw("\r\(up)\u{1B}[J" + lines.joined(separator: "\n"))
        drawn = lines.count
    }
}
