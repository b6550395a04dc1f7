import Content
import ManagerCore
import PeerCore
import Wire

/// The roster that a peer holds at an epoch is the manager's at that epoch.
struct RosterChecker {
    private struct Edition: Hashable {
        let manager: Life
        let epoch: UInt64
    }

    /// Who is a member now, by what the manager says of each.
    private(set) var members: [PeerID: RosterEntry] = [:]
    private var editions: [Edition: [PeerID: RosterEntry]] = [:]

    mutating func managerStarted() { members = [:] }

    mutating func wants(_ effect: ManagerEffect) {
        switch effect {
        case .joined(let entry): members[entry.id] = entry
        case .left(let entry, _): members[entry.id] = nil
        case .send, .sendEncoded, .close, .wake, .probe, .endProbe: break
        }
    }

    /// The manager has handled an input: whatever changed before an epoch ended belongs to it.
    mutating func handled(_ epoch: UInt64, _ manager: Life) {
        let edition = Edition(manager: manager, epoch: epoch)
        if editions[edition] == nil { editions[edition] = members }
    }

    func handled(_ input: PeerInput, _ peer: PeerHost, _ process: PeerProcess, _ world: World) {
        guard case .received(let connection, let message) = input,
            message.type == .rosterSnapshot || message.type == .rosterDelta,
            let (pipe, side) = peer.links[connection]
        else { return }
        let (roster, manager) = (process.machine.currentRoster, pipe.ends[1 - side].life)
        guard let expected = editions[Edition(manager: manager, epoch: roster.epoch)] else {
            return world.report("rosters", "\(peer.node) holds epoch \(roster.epoch), which there was not")
        }
        if roster.entries != expected {
            world.report(
                "rosters",
                "\(peer.node) holds \(roster.entries.count) peers at epoch \(roster.epoch), the manager \(expected.count)"
            )
        }
    }
}
