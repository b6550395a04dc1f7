import Content
import PeerCore

/// What goes wrong, and how it ends.
extension World {
    func planFaults() {
        for feature in Feature.allCases where scenario.has(feature) && feature.isInjected {
            plan(.fault(feature), in: draws.pause(about: scenario.faultPause))
        }
    }

    func inject(_ feature: Feature) {
        guard isFaulty || feature.goesOn && !isResting, let peer = draws.pick(isFaulty ? peers : outsiders) else {
            return
        }
        plan(.fault(feature), in: draws.pause(about: scenario.faultPause))
        switch feature {
        case .resets: resetOne(of: peer)
        case .partitions: partition()
        case .oneWay: blockOneWay()
        case .slowLinks:
            peer.rate = draws.power(10...17)
            recovery(.speedUp(node: peer.node), "slow link", .seconds(60))
        case .kills: end(peer, isDark: false, "kill")
        case .powerLoss: end(peer, isDark: true, "power loss")
        case .managerKills: end(manager, isDark: draws.chance(0.5), "manager kill")
        case .pauses:
            let host = draws.chance(0.2) ? manager : peer as Host
            guard host.isUp, !host.isPaused else { return }
            pause(host)
            recovery(.resume(node: host.node), "pause", .seconds(20))
        case .fullDisks:
            peer.disk.isFull = true
            recovery(.empty(node: peer.node), "full disk", .seconds(20))
        case .rot: rot(peer)
        case .edits: edit(peer)
        case .farApart, .lostDials, .encoding, .writeErrors, .syncErrors, .noSync, .scarceBuffers, .commands,
            .versions, .liars, .mutes:
            break
        }
    }

    private func recovery(_ recovery: Recovery, _ fault: String, _ mean: Span) {
        count(fault)
        plan(.recovery(recovery), in: draws.pause(about: mean))
    }

    private func end(_ host: Host, isDark: Bool, _ fault: String) {
        guard host.isUp else { return }
        end(host, isDark: isDark)
        recovery(.start(node: host.node), fault, draws.chance(0.5) ? .seconds(1) : .seconds(20))
    }

    private func resetOne(of peer: PeerHost) {
        let links = peer.links.sorted { $0.key.rawValue < $1.key.rawValue }
        guard let link = draws.pick(links) else { return }
        count("reset")
        reset(link.value.pipe)
    }

    /// Cuts the nodes in two.
    private func partition() {
        let side = hosts.filter { _ in draws.chance(0.5) }.map(\.node)
        let span = draws.pause(about: .seconds(20))
        count("partition")
        for inside in side {
            for outside in hosts.map(\.node) where !side.contains(outside) {
                for (from, to) in [(inside, outside), (outside, inside)] {
                    routes.block(from, to)
                    plan(.recovery(.heal(from, to)), in: span)
                }
            }
        }
    }

    private func blockOneWay() {
        guard let from = draws.pick(hosts), let to = draws.pick(hosts), from.node != to.node else { return }
        routes.block(from.node, to.node)
        recovery(.heal(from.node, to.node), "one-way partition", .seconds(20))
    }

    // MARK: Disks

    /// A piece on the disk is not what was written. Of a partial file that shows when an earlier life's pieces are proved,
    /// so it is one that has just been killed.
    private func rot(_ peer: PeerHost) {
        count("rot")
        peer.isTainted = true
        let names = peer.disk.share.keys.sorted()
        if draws.chance(0.5), let name = draws.pick(names), let file = peer.disk.share[name],
            let pieceCount = library[file.root]?.pieceCount, pieceCount > 0
        {
            peer.disk.share[name]?.bad.insert(draws.number(0...pieceCount - 1))
            return
        }
        end(peer, isDark: false, "kill")
        for id in peer.disk.partials.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let pieces = peer.disk.partials[id]?.right.runs.joined(), let piece = draws.pick(Array(pieces)) else {
                continue
            }
            peer.disk.partials[id]?.right.remove(piece)
        }
    }

    /// The user puts another version in a file's place, or takes it away.
    private func edit(_ peer: PeerHost) {
        guard peer.process != nil, let name = draws.pick(peer.disk.share.keys.sorted()) else { return }
        count("edit")
        spoilUploads(of: name, peer)
        let work = draws.pick(library.versions(of: name))
        peer.disk.share[name] =
            draws.chance(0.5) ? nil : work.map { .init(root: $0.root, bad: $0.none, isDurable: true) }
        guard !peer.isPaused else { return plan(.settled(peer.life, name), in: .milliseconds(0)) }
        feed(.settling(name), to: peer)
        plan(.settled(peer.life, name), in: draws.span(.milliseconds(300)...Span.milliseconds(1_500)))
    }

    /// A piece that goes out while its file changes comes out wrong.
    private func spoilUploads(of name: ShareName, _ peer: PeerHost) {
        for (connection, line) in peer.process?.uploads ?? [:] {
            guard let contents = line.contents, line.chunks.first?.source == .shared(name) else { continue }
            peer.process?.uploads[connection]?.contents = Contents(
                root: contents.root, index: contents.index, isRight: false)
            peer.process?.uploads[connection]?.chunks[0].isSpoiled = true
            peer.wrongPieces += 1
        }
    }

    func settled(_ name: ShareName, _ peer: PeerHost) {
        if let file = peer.disk.share[name], let work = library[file.root] {
            feed(.indexed(work.shared(as: name)), to: peer)
        } else {
            feed(.withdrawn(name), to: peer)
        }
    }

    // MARK: Recovery

    func recover(_ recovery: Recovery) {
        switch recovery {
        case .start(let node): if isFaulty || isInCore(node) { start(hosts[node]) }
        case .resume(let node): if isFaulty || isInCore(node) { resume(hosts[node]) }
        case .heal(let from, let to): if isFaulty { routes.unblock(from, to) }
        case .speedUp(let node): if isFaulty { peers[node - 1].rate = draws.power(20...29) }
        case .empty(let node): if isFaulty { peers[node - 1].disk.isFull = false }
        }
    }
}

extension Feature {
    /// Outside the core it never ends.
    fileprivate var goesOn: Bool { self == .resets || self == .rot || self == .edits }

    /// It happens at moments of its own; others change how everything happens.
    fileprivate var isInjected: Bool {
        switch self {
        case .resets, .partitions, .oneWay, .slowLinks, .kills, .powerLoss, .pauses, .managerKills, .fullDisks, .rot,
            .edits:
            true
        case .farApart, .lostDials, .encoding, .writeErrors, .syncErrors, .noSync, .scarceBuffers, .commands,
            .versions, .liars, .mutes:
            false
        }
    }
}
