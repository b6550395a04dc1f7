import Content

/// What people read of `bans` and `lift`.
public enum BansText {
    public static func lines(_ reply: BansReply) -> [String] {
        guard !reply.bans.isEmpty else { return ["nobody is banned"] }
        let rows = reply.bans.map { ban in
            [
                TerminalText.escape(ban.address), TerminalText.escape(ban.id),
                DurationText.text(Double(ban.secondsLeft)), TerminalText.escape(ban.reason),
            ]
        }
        return Table(columns: [.left("ADDRESS"), .left("ID"), .right("LEFT"), .left("REASON")], rows: rows).lines
    }

    static func notAsked(_ count: Int) -> String {
        count == 1 ? "1 banned peer was not asked" : "\(count) banned peers were not asked"
    }

    public static func lines(_ reply: LiftReply) -> [String] {
        [reply.lifted == 1 ? "1 ban is lifted" : "\(reply.lifted) bans are lifted"]
    }
}
