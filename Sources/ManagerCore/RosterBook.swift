import Content
import Wire

/// The roster as it was last broadcast, and what has changed since.
///
/// Invariant: a peer that holds `roster` at `epoch` and applies the deltas that `flush` returns, holds `roster` again.
struct RosterBook {
    private(set) var epoch: UInt64 = 0
    private(set) var roster: [PeerID: RosterEntry] = [:]
    private var joined: [PeerID: RosterEntry] = [:]
    private var left: Set<PeerID> = []
    private var snapshot: [UInt8]?

    var hasChanges: Bool { !joined.isEmpty || !left.isEmpty }

    mutating func join(_ entry: RosterEntry) {
        // Back before its leaving was told, and unchanged: nobody needs to hear of it.
        if roster[entry.id] == entry {
            left.remove(entry.id)
            joined[entry.id] = nil
            return
        }
        if roster[entry.id] != nil { left.insert(entry.id) }
        joined[entry.id] = entry
    }

    mutating func leave(_ id: PeerID) {
        joined[id] = nil
        if roster[id] != nil { left.insert(id) }
    }

    /// Ends the epoch.
    /// - Returns: the deltas to broadcast, each of its own epoch and no longer than a frame may be.
    mutating func flush() -> [RosterDelta] {
        var deltas: [RosterDelta] = []
        var leaving = Array(left)[...]
        var joining = Array(joined.values)[...]
        while !leaving.isEmpty || !joining.isEmpty {
            let goes = leaving.prefix(WireLimits.rosterEntriesPerFrameMax)
            // A peer whose entry changed leaves and joins again: not in a delta before the one it leaves in.
            let comes = joining.prefix(WireLimits.rosterEntriesPerFrameMax - goes.count)
            leaving = leaving.dropFirst(goes.count)
            joining = joining.dropFirst(comes.count)
            epoch += 1
            deltas.append(RosterDelta(epoch: epoch, joined: Array(comes), left: Array(goes)))
        }
        for id in left { roster[id] = nil }
        roster.merge(joined) { _, new in new }
        left = []
        joined = [:]
        snapshot = nil
        return deltas
    }

    /// All pages of the roster at `epoch`, encoded once an epoch and shared by all who join in it.
    mutating func encodedSnapshot() -> [UInt8] {
        if let snapshot { return snapshot }
        var bytes: [UInt8] = []
        let entries = Array(roster.values)
        var first = 0
        repeat {
            let page = entries[first...].prefix(WireLimits.rosterEntriesPerFrameMax)
            Message.rosterSnapshot(
                RosterPage(epoch: epoch, total: entries.count, first: first, entries: Array(page))
            ).encode(into: &bytes)
            first += page.count
        } while first < entries.count
        snapshot = bytes
        return bytes
    }
}
