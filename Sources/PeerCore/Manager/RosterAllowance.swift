import Content
import Wire

/// How much of the roster a manager may tell: a swarm that changes faster than this for long is a flood, which costs the
/// peer the time that its transfers need. It outlives the connection, so that coming back is no way round it.
struct RosterAllowance {
    /// Entries that may come at once: everybody, told anew after everybody has come back one by one, and some.
    static let burst = UInt64(3 * WireLimits.rosterMax)
    /// Entries a second for as long as it lasts. 10,000 peers that all join and leave once a second are told in this.
    static let perSecond: UInt64 = 20_000

    private var left = burst
    private var since = Moment(nanoseconds: 0)

    /// - Parameter entries: in one message, which itself counts as one.
    /// - Returns: false if it is too much.
    mutating func take(_ entries: Int, now: Moment) -> Bool {
        let earned = (now - since).nanoseconds / (1_000_000_000 / RosterAllowance.perSecond)
        if earned > 0 {
            left = min(RosterAllowance.burst, left + min(earned, RosterAllowance.burst))
            since = now
        }
        let cost = UInt64(entries) + 1
        guard cost <= left else { return false }
        left -= cost
        return true
    }
}
