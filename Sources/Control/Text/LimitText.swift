import Content

/// What people read of limits.
public enum LimitText {
    public static func lines(_ reply: LimitReply) -> [String] {
        ["upload    \(rate(reply.upload))", "download  \(rate(reply.download))"]
    }

    /// On one line.
    public static func short(_ reply: LimitReply) -> String {
        "upload \(rate(reply.upload)), download \(rate(reply.download))"
    }

    /// In the form that `limit` takes.
    static func rate(_ bytesPerSecond: UInt64?) -> String {
        guard let bytesPerSecond else { return "none" }
        return ByteRate(bytesPerSecond: bytesPerSecond).map { "\($0)/s" } ?? "\(bytesPerSecond)/s"
    }
}
