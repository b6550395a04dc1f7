import Content

/// What people read of `downloads`.
public enum DownloadsText {
    public static func lines(_ reply: DownloadsReply) -> [String] {
        guard !reply.downloads.isEmpty else { return ["no downloads"] }
        let columns: [Table.Column] = [
            .left("STATE"), .right("HAVE"), .right("OF"), .right("RATE"), .right("SENDERS"), .right("PRIORITY"),
            .left("NAME"),
        ]
        return Table(columns: columns, rows: reply.downloads.map(row)).lines
    }

    /// `2 running, 1 queued, 1 failed`, or `none`.
    public static func counts(_ counts: DownloadCounts) -> String {
        let parts = [
            (counts.running, "running"), (counts.queued, "queued"), (counts.waiting, "waiting"),
            (counts.paused, "paused"), (counts.failed, "failed"),
        ]
        let shown = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return shown.isEmpty ? "none" : shown.joined(separator: ", ")
    }

    private static func row(_ download: DownloadsReply.Download) -> [String] {
        [
            download.state.rawValue, ByteText.size(download.have), download.length.map(ByteText.size) ?? "-",
            ByteText.rate(download.bytesPerSecond), "\(senders(download))", "\(download.priority)",
            TerminalText.escape(name(download) + notes(download)),
        ]
    }

    /// Its holders are those that have sent something since the daemon started.
    private static func senders(_ download: DownloadsReply.Download) -> Int {
        download.state == .fetching ? download.holders.count : 0
    }

    private static func name(_ download: DownloadsReply.Download) -> String {
        switch download.kind {
        case .file, .repair: download.name
        case .tree: download.name + "/"
        }
    }

    private static func notes(_ download: DownloadsReply.Download) -> String {
        let notes = [
            download.kind == .repair ? "repair" : nil,
            download.cause, download.needs.map { "\(ByteText.atLeast($0)) more must be free" },
            download.hook.map { "hook: \($0)" },
        ].compactMap { $0 }
        return notes.isEmpty ? "" : "  (" + notes.joined(separator: "; ") + ")"
    }
}
