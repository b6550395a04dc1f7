import Content

/// What people read of a `verify`.
public enum VerifyText {
    /// `rotten NAME  3 bad pieces  reason`
    public static func file(_ event: VerifiedEvent) -> String {
        let pieces = event.badPieces.map { $0 == 1 ? "1 bad piece" : "\($0) bad pieces" }
        let parts = [pieces, event.message.map { TerminalText.escape($0) }].compactMap { $0 }
        return "\(event.result.rawValue) \(TerminalText.escape(event.name))" + parts.map { "  " + $0 }.joined()
    }

    /// `verified 12 files, 3 GiB: 10 ok, 1 rotten, 1 changed`
    public static func summary(_ reply: VerifyReply) -> [String] {
        let counts = [
            (reply.ok, "ok"), (reply.rotten, "rotten"), (reply.repaired, "repaired"), (reply.changed, "changed"),
            (reply.indexing, "being indexed"),
            (reply.errors, "not to be read or not there"),
        ]
        let shown = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        let files = reply.files == 1 ? "1 file" : "\(reply.files) files"
        let total = "verified \(files), \(ByteText.size(reply.bytes))" + (shown.isEmpty ? "" : ": " + shown)
        let advice = "what is rotten is not offered any more; --repair fetches its bad pieces from other peers"
        return reply.rotten > 0 ? [total, advice] : [total]
    }
}
