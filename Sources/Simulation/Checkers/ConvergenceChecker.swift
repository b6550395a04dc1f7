import Content
import PeerCore

/// When the faults are over for a core of nodes, it finds together: all hold the manager's roster, and what an honest peer
/// of the core has whole, every peer of the core can have.
struct ConvergenceChecker {
    /// The work that each core peer is to end with.
    private(set) var targets: [Work] = []

    mutating func choose(_ world: World) {
        let first = Set(world.library.works.map(\.name)).sorted().compactMap { world.library.versions(of: $0).first }
        targets = first.filter { work in world.core.contains { $0.isReliable && $0.has(work) } }
    }

    /// Who does not hold the manager's roster.
    func dissenter(_ world: World) -> PeerHost? {
        let members = world.checkers.rosters.members
        return world.core.first { peer in
            guard let machine = peer.process?.machine.currentRoster else { return true }
            return members[peer.id] == nil || machine.entries != members
        }
    }

    /// Who does not have one of the targets.
    func lacking(_ world: World) -> (peer: PeerHost, work: Work)? {
        for peer in world.core {
            for work in targets where peer.disk.share[work.name]?.root != work.root { return (peer, work) }
        }
        return nil
    }
}

extension PeerHost {
    /// Whole, and as it should be.
    func has(_ work: Work) -> Bool {
        disk.share[work.name].map { $0.root == work.root && $0.bad.isEmpty } ?? false
    }
}
