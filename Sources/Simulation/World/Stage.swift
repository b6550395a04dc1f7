import Content
import PeerCore

/// How far a run is.
enum Stage: Hashable {
    case faulty
    /// The core is healed, everything else stays as broken as it is: the core's rosters come to agree.
    case settling(since: Moment)
    /// Every peer of the core fetches what it lacks.
    case fetching(until: Moment)
    /// What nobody can give is waited for no longer than was said.
    case ending(until: Moment)
    /// Nothing is wanted any more.
    case resting(until: Moment)
    case over
}

/// What the peers of the core are to end with.
struct Goals {
    var open: [RequestID: Work] = [:]
    /// To be tried again: something else of that name was in the way.
    var again: [(peer: PeerHost, work: Work)] = []
}

/// From the faults to the end.
extension World {
    /// What was begun before still fails, or is found out: dials, silence.
    private static let quiet = Span.seconds(30)
    /// Twice the longest silence, and the longest pause before a manager is dialed again, with what goes wrong in between.
    private static let settling = Span.seconds(90)
    private static let fetching = Span.seconds(1_200)
    /// More than ten times the longest that a client waits for something to come.
    private static let ending = Span.seconds(1_200)
    /// Longer than connections stay open without use.
    private static let resting = Span.seconds(150)
    private static let look = Span.seconds(1)

    func advance() {
        switch stage {
        case .faulty:
            healCore()
            stage = .settling(since: now)
        case .settling(let since): if since + World.quiet <= now { settle(since + World.settling) }
        case .fetching(let until): fetch(until)
        case .ending(let until): end(until)
        case .resting(let until):
            guard until <= now else { break }
            checkers.requests.expectNone(self)
            checkers.baseline.look(self)
            stage = .over
        case .over: break
        }
        if stage != .over { plan(.phase, in: World.look) }
    }

    private func healCore() {
        var draws = Draws(seed: scenario.seed, for: "core")
        let share = Double(draws.number(3...10)) / 10
        for peer in peers { peer.isOutside = peer.character != .honest || !draws.chance(share) }
        let isCutOff = draws.chance(0.3)
        let nodes = [0] + core.map(\.node)
        for from in nodes {
            for to in nodes { routes.unblock(from, to) }
            guard isCutOff else { continue }
            for outside in peers where outside.isOutside { routes.block(outside.node, from) }
        }
        for node in nodes {
            resume(hosts[node])
            start(hosts[node])
        }
        // A download that has a holder is content with it as long as it brings a little, however long that takes: what
        // is to end must not have one that is slower than this.
        for peer in peers where peer.isOutside { peer.rate = max(peer.rate, 1 << 18) }
        for peer in core {
            peer.rate = max(peer.rate, 1 << 22)
            peer.disk.isFull = false
        }
    }

    private func settle(_ until: Moment) {
        if let peer = checkers.convergence.dissenter(self) {
            guard until <= now else { return }
            let roster = peer.process?.machine.currentRoster
            return report(
                "convergence",
                "\(peer.node) holds \(roster?.entries.count ?? 0) peers, the manager \(checkers.rosters.members.count)")
        }
        checkers.convergence.choose(self)
        stage = .fetching(until: now + World.fetching)
        for peer in core {
            feed(.resume(newRequest("a resume", peer), nil), to: peer)
            for work in checkers.convergence.targets where !peer.has(work) { aim(peer, at: work) }
        }
    }

    private func aim(_ peer: PeerHost, at work: Work) {
        wish(
            FetchWish(name: work.name, digest: work.root.digest, force: true, timeout: .seconds(100_000)), peer,
            goal: work)
    }

    /// A peer of the core does not get what another one has.
    func missed(_ work: Work, _ failure: FetchFailure, _ peer: PeerHost) {
        switch failure {
        case .otherVersionRunning, .otherVersionKept:
            feed(.cancel(newRequest("a cancel", peer), work.name, keepData: false), to: peer)
            goals.again.append((peer, work))
        // The wish came while the file was being put there without leave to replace another.
        case .occupied: goals.again.append((peer, work))
        case .nobody, .askTimedOut, .noManager, .conflict, .exists, .rotten, .mending, .integrity, .badManifest,
            .incomplete,
            .gone, .silent, .outdated, .disk, .full, .cancelled, .paused, .recorded, .tooMany, .noSuchDownload,
            .partOfTree:
            report("convergence", "\(peer.node) does not get \(work.root): \(failure)")
        }
    }

    private func fetch(_ until: Moment) {
        let again = goals.again
        goals.again = []
        for (peer, work) in again { aim(peer, at: work) }
        if let (peer, work) = checkers.convergence.lacking(self) {
            guard until <= now else { return }
            return report(
                "convergence", "\(peer.node) still lacks \(work.name.path), \(work.root): \(picture(of: peer))")
        }
        goals.open = [:]
        stage = .ending(until: now + World.ending)
    }

    private func end(_ until: Moment) {
        guard until <= now || !checkers.requests.isTimed(self) else { return }
        checkers.requests.expectNoneTimed(self)
        // What was asked for in the background would be waited for without end.
        for peer in core {
            for name in Set(library.works.map(\.name)).sorted() {
                feed(.cancel(newRequest("a cancel", peer), name, keepData: false), to: peer)
            }
        }
        // Those outside would go on asking for what they lack.
        for peer in peers where peer.isOutside { end(peer, isDark: draws.chance(0.5)) }
        stage = .resting(until: now + World.resting)
    }

    private func picture(of peer: PeerHost) -> String {
        guard let process = peer.process else { return "it is down" }
        let downloads = process.machine.downloadStatuses.map {
            "\($0.name.path) \($0.state) \($0.have)/\($0.length) from \($0.activeHolders)"
        }
        return downloads.joined(separator: "; ") + " \(process.machine.load)"
    }
}
