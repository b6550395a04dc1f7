import Content

/// What people read of a `req`: lines without control characters, for a terminal and for a pipe alike.
public enum ReqText {
    /// `found NAME  200 MiB  root 0123456789ab  at 127.0.0.1:7002 127.0.0.1:7003`
    public static func found(_ event: FoundEvent) -> String {
        // None is known of a download that an earlier run of the daemon left.
        let holders = event.holders.isEmpty ? [] : ["at"] + event.holders.map { TerminalText.escape($0) }
        let parts =
            ["found \(TerminalText.escape(event.name))", ByteText.size(event.length)]
            + ["root \(RootText.prefix(event.root))", holders.joined(separator: " ")]
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// `progress NAME  25 %  50 MiB of 200 MiB  10 MiB/s  0:15 left  3 holders`
    public static func progress(_ event: ProgressEvent) -> String {
        let amounts = "\(ByteText.size(event.have)) of \(ByteText.size(event.length))"
        let parts = [ProgressBar(event).perCentText, amounts] + ProgressBar(event).parts
        let shown = ProgressBar(event).hasAmount ? parts : ProgressBar(event).parts
        return "progress \(TerminalText.escape(event.name))  " + shown.joined(separator: "  ")
    }

    /// The result, a line for each holder that data came from, and what else is to be known. A directory's name ends in a
    /// slash, as it was asked for.
    /// - Parameter isWhole: the time is that of the whole download; whoever only waited does not know how long it took.
    public static func done(_ done: ReqDone, isWhole: Bool = true) -> [String] {
        let name = TerminalText.escape(done.name)
        switch done.state {
        case .queued, .fetching:
            let wait = "p2pctl wait \(ShellText.argument(done.name))"
            return ["\(done.state.rawValue) \(name)  in the background; \(wait) waits for it"]
                + (done.stateError.map { ["  a restart of the daemon forgets it: \(TerminalText.escape($0))"] } ?? [])
        case .done: break
        }
        let first = done.already ? ["\(name) is already here"] : fetched(done, name, isWhole)
        return first + (done.backup.map { ["  what it replaced is kept as \(TerminalText.escape($0))"] } ?? [])
            + (done.files.map(tree) ?? [])
    }

    private static func fetched(_ done: ReqDone, _ name: String, _ isWhole: Bool) -> [String] {
        let fetched = done.holders.reduce(UInt64(0)) { $0.addingReportingOverflow($1.bytes).partialValue }
        let rate = done.seconds > 0 ? Double(min(done.received, done.length ?? 0)) / done.seconds : 0
        let speed = rate > 0 ? " (\(ByteText.rate(rate)))" : ""
        let size = ByteText.size(done.length ?? 0)
        let time = isWhole ? " in \(DurationText.text(done.seconds))\(speed)" : ""
        return ["done \(name)  \(size)\(time)"] + holders(done.holders, fetched)
    }

    /// How many of a directory's files are here, and those that are not.
    private static func tree(_ files: TreeCounts) -> [String] {
        let counts = [(files.fetched, "fetched"), (files.already, "already here"), (files.failedFiles, "failed")]
        let shown = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let total = files.total == 1 ? "1 file" : "\(files.total) files"
        let failed = files.failed.map { "  failed \(TerminalText.escape($0.name)): \(TerminalText.escape($0.message))" }
        let directories =
            switch files.failedDirectories {
            case 0: ""
            case 1: "; 1 directory failed"
            case let count: "; \(count) directories failed"
            }
        let kept =
            switch files.backups {
            case 0: [String]()
            case 1: ["  1 replaced file is kept as NAME.~N~"]
            case let count: ["  \(count) replaced files are kept as NAME.~N~"]
            }
        return ["  \(total)" + (shown.isEmpty ? "" : ": " + shown) + directories] + kept + failed
            + (files.more ? ["  and more failed"] : [])
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
