import Content

/// What people read of the replies that are lists and facts.
public enum ReportText {
    public static func peers(_ reply: PeersReply) -> [String] {
        let rows = reply.peers.map { peer in
            [TerminalText.escape(peer.address), TerminalText.escape(peer.id), TerminalText.escape(peer.label)]
        }
        let table = Table(columns: [.left("ADDRESS"), .left("ID"), .left("LABEL")], rows: rows).lines
        return (rows.isEmpty ? [] : table) + ["\(count(rows.count, "peer")), roster epoch \(reply.epoch)"]
    }

    /// Their state is shown only if that of some is worth a word.
    public static func files(_ files: [FilesReply.File]) -> [String] {
        guard !files.isEmpty else { return ["no files are shared"] }
        let columns: [Table.Column] = [.right("SIZE"), .left("MODIFIED"), .left("ROOT"), .left("NAME")]
        guard files.contains(where: { $0.state != .ready }) else {
            return Table(columns: columns, rows: files.map(row)).lines
        }
        return Table(columns: [.left("STATE")] + columns, rows: files.map { [$0.state.rawValue] + row($0) }).lines
    }

    private static func row(_ file: FilesReply.File) -> [String] {
        let isKnown = file.root != nil || file.length > 0
        let cause = file.cause.map { "  (\($0))" } ?? ""
        return [
            isKnown ? ByteText.size(file.length) : "-", isKnown ? TimeText.text(file.modified) : "-",
            file.root.map(RootText.prefix) ?? "-", TerminalText.escape(file.name + cause),
        ]
    }

    public static func status(_ reply: StatusReply) -> [String] {
        var facts = [
            ("peer", reply.id), ("version", "\(reply.version), up \(DurationText.text(reply.uptimeSeconds))"),
            ("share", "\(reply.share), \(count(reply.files, "file"))"), ("listening", reply.listen),
            ("manager", manager(reply.manager)), ("roster", "\(count(reply.peers, "peer")), epoch \(reply.epoch)"),
            ("connections", "\(reply.connections)"),
            ("data", "\(ByteText.size(reply.bytesIn)) in, \(ByteText.size(reply.bytesOut)) out"),
            ("limits", LimitText.short(reply.limits)),
            ("downloads", DownloadsText.counts(reply.downloads)), ("bans", reply.bans == 0 ? "none" : "\(reply.bans)"),
            ("index", index(reply.indexing)),
        ]
        if let stateError = reply.stateError { facts.append(("state", stateError)) }
        return Table(columns: [.left(""), .left("")], rows: facts.map { [$0, TerminalText.escape($1)] }).lines
    }

    private static func manager(_ link: ManagerLink) -> String {
        let error = link.error.map { ": \($0)" } ?? ""
        return "\(link.address), \(link.state.rawValue)\(error)"
    }

    private static func index(_ progress: IndexingProgress) -> String {
        let errors = progress.errors == 0 ? "" : ", \(count(progress.errors, "file")) with an error, see `p2pctl files`"
        let (done, total) = (ByteText.size(progress.bytesDone), ByteText.size(progress.bytesTotal))
        let files = count(progress.filesTotal, "file")
        switch progress.state {
        case .ready: return "ready\(errors)"
        case .scanning: return "looking for files: \(files), \(total) so far\(errors)"
        case .hashing: return "hashing: \(progress.filesDone) of \(files), \(done) of \(total)\(errors)"
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
