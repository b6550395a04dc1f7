import PeerCore

/// Every request ends, in one answer.
struct RequestChecker {
    private struct Open {
        let life: Life
        let what: String
    }

    private var open: [RequestID: Open] = [:]

    mutating func asked(_ request: RequestID, _ what: String, _ peer: PeerHost) {
        open[request] = Open(life: peer.life, what: what)
    }

    mutating func answered(_ request: RequestID, _ peer: PeerHost, _ world: World) {
        guard open.removeValue(forKey: request) == nil else { return }
        world.report("requests", "\(peer.node) answers request \(request.rawValue), which is not open")
    }

    /// Its clients have lost their daemon.
    mutating func ended(_ life: Life) { open = open.filter { $0.value.life != life } }

    func count(of life: Life) -> Int { open.values.count { $0.life == life } }

    /// Of peers in the core, at the end.
    func expectNone(_ world: World) {
        let left = open.filter { world.isInCore($0.value.life.node) }.sorted { $0.key.rawValue < $1.key.rawValue }
        guard let (request, first) = left.first else { return }
        world.report("requests", "\(first.life.node) never answered request \(request.rawValue): \(first.what)")
    }
}
