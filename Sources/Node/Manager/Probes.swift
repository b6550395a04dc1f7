import Content
import DequeModule

/// Connections back to peers that want to join, a bounded number at a time: for the machine's `probe` effects.
///
///     waiting --a place is free--> dialing or listening for a hello --answer, failure or `endProbe`--> over
///
/// It keeps the books only; the node dials and closes.
struct Probes {
    struct Wanted {
        /// The connection on which the peer wants to join.
        let joiner: ConnectionID
        let address: PeerAddress
    }

    private let most: Int
    private var waiting: Deque<Wanted> = []
    /// Who is probed on a connection.
    private var joiners: [ConnectionID: ConnectionID] = [:]
    private var probes: [ConnectionID: ConnectionID] = [:]
    /// Joiners that wait no more.
    private var departed: Set<ConnectionID> = []

    /// - Parameter most: at one time.
    init(atMost most: Int) {
        self.most = most
    }

    mutating func add(_ wanted: Wanted) { waiting.append(wanted) }

    /// - Returns: whom to connect to now, if there is a place; `began` or nothing must follow.
    mutating func next() -> Wanted? {
        while joiners.count < most, let first = waiting.popFirst() {
            if departed.remove(first.joiner) == nil { return first }
        }
        return nil
    }

    mutating func began(_ probe: ConnectionID, for wanted: Wanted) {
        joiners[probe] = wanted.joiner
        probes[wanted.joiner] = probe
    }

    func contains(_ probe: ConnectionID) -> Bool { joiners[probe] != nil }

    /// - Returns: for whom it was.
    mutating func ended(_ probe: ConnectionID) -> ConnectionID? {
        guard let joiner = joiners.removeValue(forKey: probe) else { return nil }
        probes[joiner] = nil
        return joiner
    }

    /// A joiner is gone, or knows enough.
    /// - Returns: the probe to close, if one is under way.
    mutating func forget(_ joiner: ConnectionID) -> ConnectionID? {
        if let probe = probes.removeValue(forKey: joiner) {
            joiners[probe] = nil
            return probe
        }
        if waiting.contains(where: { $0.joiner == joiner }) { departed.insert(joiner) }
        return nil
    }
}
