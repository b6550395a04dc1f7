import Content

/// One line that shows how far a download is, fitted to the terminal's width.
public struct ProgressBar: Sendable {
    private static let minBarColumns = 10
    private static let maxBarColumns = 50

    private let event: ProgressEvent

    public init(_ event: ProgressEvent) {
        self.event = event
    }

    /// Never longer than `columns`; what does not fit is left out, the least important first.
    public func line(columns: Int) -> String {
        hasAmount ? fitted(columns: columns) : TerminalWidth.clip(parts.joined(separator: "  "), columns: columns)
    }

    /// The same behind the download's name, where there are several.
    public func namedLine(columns: Int) -> String {
        let name = TerminalWidth.clip(TerminalText.escape(event.name), columns: columns / 3)
        guard !name.isEmpty else { return line(columns: columns) }
        return name + "  " + line(columns: max(0, columns - TerminalWidth.columns(name) - 2))
    }

    /// Whether there is an amount to show.
    var hasAmount: Bool {
        switch event.state {
        case .asking, .queued, .kept, .failed: false
        case .fetching, .waiting, .paused, .checking, .finishing, .done: true
        }
    }

    /// Rounded down: 100 is only said when every byte is here.
    var perCentText: String { "\(perCent) %" }

    /// What there is to say beside the per cent, the most important first.
    var parts: [String] {
        switch event.state {
        case .queued: ["waiting for its turn"]
        case .asking: ["asking who has it"]
        case .fetching: [ByteText.rate(event.bytesPerSecond), timeLeft, holders]
        case .waiting: ["waiting for " + TerminalText.escape(event.waitingFor ?? "a holder")]
        case .paused: ["paused" + (event.waitingFor.map { "; waiting for " + TerminalText.escape($0) } ?? "")]
        case .checking: ["checking what is here"]
        case .finishing: ["writing it to the disk"]
        case .kept: ["cancelled"]
        case .failed: ["failed"]
        case .done: ["done"]
        }
    }

    private var perCent: UInt64 {
        guard event.have < event.length else { return 100 }
        return UInt64(min(99, Double(event.have) / Double(event.length) * 100))
    }

    private var holders: String { event.holders == 1 ? "1 holder" : "\(event.holders) holders" }

    private var timeLeft: String {
        guard event.bytesPerSecond > 0, event.have <= event.length else { return "-:-- left" }
        return DurationText.clock(Double(event.length - event.have) / event.bytesPerSecond) + " left"
    }

    private func fitted(columns: Int) -> String {
        let head = String(repeating: " ", count: perCent < 10 ? 2 : perCent < 100 ? 1 : 0) + perCentText
        for count in stride(from: parts.count, to: 0, by: -1) {
            let tail = parts.prefix(count).joined(separator: "  ")
            let room = columns - head.utf8.count - TerminalWidth.columns(tail) - 6
            guard room >= ProgressBar.minBarColumns else { continue }
            return "\(head)  [\(bar(columns: min(room, ProgressBar.maxBarColumns)))]  \(tail)"
        }
        return TerminalWidth.clip(head + "  " + parts[0], columns: columns)
    }

    private func bar(columns: Int) -> String {
        let filled = Int(perCent) * columns / 100
        return String(repeating: "#", count: filled) + String(repeating: ".", count: columns - filled)
    }
}
