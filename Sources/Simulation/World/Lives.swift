import Content
import ManagerCore
import PeerCore

/// Processes begin and end.
extension World {
    func begin() {
        placeFiles()
        start(manager)
        for peer in peers { plan(.recovery(.start(node: peer.node)), in: draws.pause(about: .seconds(1))) }
        planFaults()
        plan(.phase, in: .seconds(UInt64(scenario.faultySeconds)))
    }

    /// Every work has a holder, and some have several.
    private func placeFiles() {
        var draws = Draws(seed: scenario.seed, for: "places")
        for work in library.works {
            for number in 0..<draws.number(1...3) {
                let peer = peers[draws.number(0...peers.count - 1)]
                let isTaken = peer.disk.share[work.name] != nil
                if !isTaken || number == 0 {
                    peer.disk.share[work.name] = .init(root: work.root, bad: work.none, isDurable: true)
                }
            }
        }
    }

    func start(_ host: Host) {
        guard !host.isUp else { return }
        host.number += 1
        host.isUp = true
        host.isDark = false
        if let peer = host as? PeerHost { startPeer(peer) } else { startManager() }
    }

    private func startManager() {
        manager.process = ManagerProcess(id: manager.id)
        checkers.rosters.managerStarted()
        checkers.rosters.handled(0, manager.life)
    }

    private func startPeer(_ peer: PeerHost) {
        let machine = PeerMachine(
            id: peer.id, listenPort: peer.address.port, label: "", managerCount: 1, policy: PeerPolicy(),
            random: Draws(seed: draws.next()))
        let buffers = scenario.has(.scarceBuffers) ? draws.number(2...6) : 24
        peer.process = PeerProcess(machine: machine, buffers: buffers)
        feed(.wake, to: peer)
        record(.load, of: peer)
        plan(.indexed(peer.life), in: draws.pause(about: .milliseconds(500)))
    }

    /// The share has been gone through.
    func indexed(_ peer: PeerHost) {
        for (name, file) in peer.disk.share.sorted(by: { $0.key < $1.key }) {
            if let work = library[file.root] { feed(.indexed(work.shared(as: name)), to: peer) }
        }
        feed(.indexing(false), to: peer)
    }

    /// The process is gone in one instant.
    /// - Parameter isDark: and its machine with it, so that nobody tells the other ends.
    func end(_ host: Host, isDark: Bool) {
        guard host.isUp else { return }
        depart(host)
        for (_, link) in host.links.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            link.pipe.ends[link.side].isOpen = false
            if !isDark { transmit(.end(reason: "reset by the other end"), link.pipe, link.side) }
        }
        checkers.ended(host.life)
        host.links = [:]
        host.deferred = []
        host.reusable = []
        host.pausedSince = nil
        host.isUp = false
        host.isDark = isDark
        manager.process = host.node == 0 ? nil : manager.process
        guard let peer = peer(host.node) else { return }
        peer.process = nil
        if isDark { peer.disk.lostPower(&draws) } else { peer.disk.killed(doubt: scenario.chances.doubt, &draws) }
    }

    func pause(_ host: Host) {
        guard host.isUp, !host.isPaused else { return }
        host.pausedSince = now
        depart(host)
    }

    func resume(_ host: Host) {
        guard host.isPaused else { return }
        host.pausedSince = nil
        host.resumed = now
        let deferred = host.deferred
        host.deferred = []
        for event in deferred { handle(event) }
    }

    private func depart(_ host: Host) {
        guard host.node > 0 else { return }
        host.departed = now
        plan(
            .departure(Departure(life: host.life, since: now, manager: manager.life)), in: DepartureChecker.patience)
    }
}

extension PeerHost {
    convenience init(node: Int, _ scenario: Scenario) {
        var draws = Draws(seed: scenario.seed, for: "character \(node)")
        let isLiar = scenario.has(.liars) && draws.chance(scenario.chances.liar)
        let isMute = scenario.has(.mutes) && draws.chance(scenario.chances.mute)
        // 1 MiB to 1 GiB a second.
        self.init(
            node: node, seed: scenario.seed, character: isLiar ? .liar : isMute ? .mute : .honest,
            rate: draws.power(20...29))
    }
}
