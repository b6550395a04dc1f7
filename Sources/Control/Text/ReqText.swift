import Content

/// What people read of a `req`: lines without control characters, for a terminal and for a pipe alike.
public enum ReqText {
    /// `found NAME  200 MiB  root 0123456789ab  at 127.0.0.1:7002 127.0.0.1:7003`
    public static func found(_ event: FoundEvent) -> String {
        let holders = event.holders.map { TerminalText.escape($0) }.joined(separator: " ")
        return "found \(TerminalText.escape(event.name))  \(ByteText.size(event.length))  "
            + "root \(RootText.prefix(event.root))  at \(holders)"
    }

    /// `progress NAME  25 %  50 MiB of 200 MiB  10 MiB/s  0:15 left  3 holders`
    public static func progress(_ event: ProgressEvent) -> String {
        let amounts = "\(ByteText.size(event.have)) of \(ByteText.size(event.length))"
        let parts = [ProgressBar(event).perCentText, amounts] + ProgressBar(event).parts
        let shown = event.state == .asking ? ProgressBar(event).parts : parts
        return "progress \(TerminalText.escape(event.name))  " + shown.joined(separator: "  ")
    }

    /// The result, and a line for each holder that data came from.
    public static func done(_ done: ReqDone) -> [String] {
        let name = TerminalText.escape(done.name)
        guard !done.already else { return ["\(name) is already here"] }
        let fetched = done.holders.reduce(UInt64(0)) { $0.addingReportingOverflow($1.bytes).partialValue }
        // Holders are counted since the daemon started, which may be before this request.
        let rate = done.seconds > 0 ? Double(min(fetched, done.length)) / done.seconds : 0
        let speed = rate > 0 ? " (\(ByteText.rate(rate)))" : ""
        let size = ByteText.size(done.length)
        return ["done \(name)  \(size) in \(DurationText.text(done.seconds))\(speed)"] + holders(done.holders, fetched)
    }

    private static func holders(_ holders: [HolderBytes], _ fetched: UInt64) -> [String] {
        let rows = holders.map { holder in
            let share = fetched > 0 ? Int((Double(holder.bytes) / Double(fetched) * 100).rounded()) : 0
            return ["  from", TerminalText.escape(holder.address), ByteText.size(holder.bytes), "\(share) %"]
        }
        return Table(columns: [.left(""), .left(""), .right(""), .right("")], rows: rows).lines
    }
}

/// Roots for people: the first 12 digits tell versions apart.
public enum RootText {
    public static func prefix(_ root: String?) -> String {
        TerminalText.escape(String((root ?? "-").unicodeScalars.prefix(12)))
    }
}
