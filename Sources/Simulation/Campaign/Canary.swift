/// A rule that is broken on purpose, in the simulated world and not in the machines: each must be caught.
public enum Canary: String, CaseIterable, Sendable {
    /// Syncs do nothing, and pieces are offered all the same.
    case offerBeforeSync = "offer-before-sync"
    /// A connection's number is used again at once, and what was said on the old one comes in on the new one.
    case forgetGeneration = "forget-generation"
    /// Pieces are written without being verified.
    case skipHash = "skip-hash"
    /// Roster deltas come without what is in them.
    case loseDelta = "lose-delta"
    /// The manager is dialed only once.
    case neverRetry = "never-retry"

    /// Whose rule it breaks. What was said on another connection is bytes that nobody expects, or a peer out of its turn.
    public var checkers: [String] {
        switch self {
        case .offerBeforeSync: ["offers"]
        case .forgetGeneration: ["bytes", "courtesy", "generations"]
        case .skipHash: ["deliveries"]
        case .loseDelta: ["rosters"]
        case .neverRetry: ["convergence"]
        }
    }
}
