import Content

/// What people read of `who`.
public enum WhoText {
    /// - Parameters:
    ///   - name: as typed.
    ///   - now: seconds since 1970.
    public static func lines(_ reply: WhoReply, name: String, now: Int64) -> [String] {
        let others = unfit(reply) + silence(reply) + banned(reply)
        guard reply.versions.contains(where: \.isElsewhere) else { return [none(reply, name)] + others }
        let rows = reply.versions.map { row($0, local: reply.local, now: now) }
        let columns: [Table.Column] = [
            .left("ROOT"), .right("SIZE"), .left("MODIFIED"), .right("AGE"), .left("HOLDERS"),
        ]
        return Table(columns: columns, rows: rows).lines + others + commands(reply, name)
    }

    private static func none(_ reply: WhoReply, _ name: String) -> String {
        let shown = TerminalText.escape(name)
        guard let local = reply.local else { return "nobody has \(shown)" }
        return "only this peer has \(shown): root \(TerminalText.escape(local))"
    }

    private static func row(_ version: WhoReply.Version, local: String?, now: Int64) -> [String] {
        let holders = version.holders.map { holder($0, of: version.length) } + (version.root == local ? ["here"] : [])
        return [
            RootText.prefix(version.root), ByteText.size(version.length), TimeText.text(version.modified),
            age(version.modified, now: now), "\(holders.count): " + holders.joined(separator: " "),
        ]
    }

    private static func holder(_ holder: WhoReply.Holder, of length: UInt64) -> String {
        let address = TerminalText.escape(holder.address)
        guard !holder.complete else { return address }
        return "\(address) (\(ByteText.size(holder.have)) of it)"
    }

    private static func age(_ modified: Int64?, now: Int64) -> String {
        guard let modified, modified >= 0, modified <= now else { return "-" }
        return DurationText.text(Double(now - modified))
    }

    private static func unfit(_ reply: WhoReply) -> [String] {
        reply.unfit.map {
            "\(TerminalText.escape($0)) has it and cannot offer it as a whole: `p2pctl files` there says why"
        }
    }

    private static func silence(_ reply: WhoReply) -> [String] {
        reply.silent == 0 ? [] : ["\(reply.silent) of \(reply.asked) peers did not answer and may have others"]
    }

    private static func banned(_ reply: WhoReply) -> [String] {
        reply.banned == 0 ? [] : ["\(BansText.notAsked(reply.banned)) and may have others: see `p2pctl bans`"]
    }

    /// There is something to choose only if others have several.
    private static func commands(_ reply: WhoReply, _ name: String) -> [String] {
        let roots = reply.versions.filter(\.isElsewhere).map(\.root)
        return roots.count > 1 ? ["To fetch one of them:"] + FailureText.commands(roots, name: name) : []
    }
}

extension WhoReply.Version {
    /// Somebody else than this peer has it.
    fileprivate var isElsewhere: Bool { !holders.isEmpty }
}
