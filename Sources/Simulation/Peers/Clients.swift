import Content
import PeerCore

/// What people want of their peers.
extension World {
    func planClient(of peer: PeerHost) { plan(.client(peer.life), in: draws.pause(about: scenario.wishPause)) }

    func client(_ peer: PeerHost) {
        guard isFaulty, let work = draws.pick(library.works) else { return }
        planClient(of: peer)
        if scenario.has(.commands), draws.chance(0.4) { return command(work.name, peer) }
        let isFirst = library.versions(of: work.name).first?.root == work.root
        // Only first versions replace others, so that they win in the end.
        let isForced = isFirst && draws.chance(0.3)
        wish(
            FetchWish(
                name: work.name, digest: draws.chance(0.5) || !isFirst || isForced ? work.root.digest : nil,
                force: isForced, sync: !(scenario.has(.noSync) && draws.chance(0.5)),
                timeout: .seconds(UInt64(draws.number(2...60))),
                choose: draws.pick([.only, .newest, .mostHeld]) ?? .only, background: draws.chance(0.2),
                priority: draws.number(-1...1), inOrder: draws.chance(0.1)), peer)
    }

    /// - Parameter goal: what must come of it.
    func wish(_ wish: FetchWish, _ peer: PeerHost, goal: Work? = nil) {
        let id = newRequest("a wish for \(wish.name.path)", timeout: wish.timeout, peer)
        checkers.deliveries.wished(id, wish, peer)
        goals.open[id] = goal
        feed(.wish(id, wish), to: peer)
    }

    private func command(_ name: ShareName, _ peer: PeerHost) {
        switch draws.number(0...8) {
        case 0: feed(.cancel(newRequest("a cancel", peer), name, keepData: draws.chance(0.5)), to: peer)
        case 1: feed(.pause(newRequest("a pause", peer), draws.chance(0.5) ? name : nil), to: peer)
        case 2, 3: feed(.resume(newRequest("a resume", peer), draws.chance(0.5) ? name : nil), to: peer)
        case 4: feed(.prioritize(newRequest("a priority", peer), name, draws.number(-100...100)), to: peer)
        case 5, 6: feed(.survey(newRequest("a survey", peer), name), to: peer)
        case 7: feed(.wait(newRequest("a wait", peer), name), to: peer)
        default: feed(.lift(newRequest("a lift", peer), .all), to: peer)
        }
    }

    func newRequest(_ what: String, timeout: Span? = nil, _ peer: PeerHost) -> RequestID {
        lastRequest &+= 1
        let id = RequestID(rawValue: lastRequest)
        checkers.requests.asked(id, what, timeout: timeout, peer)
        return id
    }

    func finished(_ request: RequestID, _ result: FetchResult, _ peer: PeerHost) {
        checkers.requests.answered(request, peer, self)
        goals.open[request] = nil
    }

    func failed(_ request: RequestID, _ failure: FetchFailure, _ peer: PeerHost) {
        checkers.requests.answered(request, peer, self)
        guard let work = goals.open.removeValue(forKey: request) else { return }
        missed(work, failure, peer)
    }
}
