import Content
import Wire

/// The active peers as the manager tells them.
///
/// Invariant: after a whole snapshot, `entries` is the manager's roster at `epoch`; a delta that does not follow makes
/// the roster ask for a new snapshot instead of guessing.
public struct Roster: Sendable {
    public enum Change: Equatable, Sendable {
        case none
        /// Peers that were not there before.
        case joined([PeerID])
        /// The manager must be asked for the whole roster.
        case missed
    }

    public private(set) var epoch: UInt64 = 0
    public private(set) var entries: [PeerID: RosterEntry] = [:]
    /// Whether a whole roster has ever arrived.
    public private(set) var isKnown = false
    private var incoming: [RosterEntry] = []
    private var expectedFirst: Int?

    public init() {}

    /// Pages come in order; the roster changes with the last.
    public mutating func apply(_ page: RosterPage) -> Change {
        if page.first == 0 { incoming = [] } else if expectedFirst != page.first { return .missed }
        incoming += page.entries
        guard incoming.count >= page.total else {
            expectedFirst = incoming.count
            return .none
        }
        expectedFirst = nil
        let old = entries
        entries = Dictionary(incoming.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        incoming = []
        epoch = page.epoch
        isKnown = true
        return .joined(entries.keys.filter { old[$0] == nil })
    }

    public mutating func apply(_ delta: RosterDelta) -> Change {
        guard isKnown else { return .missed }
        guard delta.epoch > epoch else { return .none }
        // Snapshots are bounded by the codec; deltas that lead beyond that are not believed.
        guard delta.epoch - epoch == 1, entries.count - delta.left.count + delta.joined.count <= WireLimits.rosterMax
        else {
            return .missed
        }
        for id in delta.left { entries[id] = nil }
        for entry in delta.joined { entries[entry.id] = entry }
        epoch = delta.epoch
        return .joined(delta.joined.map(\.id))
    }

    /// Compares with what a heartbeat says; a difference means that something was missed.
    public func agrees(epoch: UInt64, size: UInt32) -> Bool {
        self.epoch == epoch && entries.count == Int(size)
    }
}
