import Content
import PeerCore

/// Every request ends, in one answer, and one that has a time by itself.
struct RequestChecker {
    private struct Open {
        let life: Life
        let what: String
        let timeout: Span?
    }

    private var open: [RequestID: Open] = [:]

    /// - Parameter timeout: after which it ends when nothing comes of it.
    mutating func asked(_ request: RequestID, _ what: String, timeout: Span? = nil, _ peer: PeerHost) {
        open[request] = Open(life: peer.life, what: what, timeout: timeout)
    }

    mutating func answered(_ request: RequestID, _ peer: PeerHost, _ world: World) {
        guard open.removeValue(forKey: request) == nil else { return }
        world.report("requests", "\(peer.node) answers request \(request.rawValue), which is not open")
    }

    /// Its clients have lost their daemon.
    mutating func ended(_ life: Life) { open = open.filter { $0.value.life != life } }

    func count(of life: Life) -> Int { open.values.count { $0.life == life } }

    /// Whether one of a peer in the core will end by itself.
    func isTimed(_ world: World) -> Bool { oldest(world) { $0.timeout != nil } != nil }

    /// Of peers in the core, at the end.
    func expectNone(_ world: World) {
        guard let (request, first) = oldest(world, where: { _ in true }) else { return }
        world.report("requests", "\(first.life.node) never answered request \(request.rawValue): \(first.what)")
    }

    /// Of peers in the core, when nothing has come of anything for longer than any of them was to wait.
    func expectNoneTimed(_ world: World) {
        guard let (request, first) = oldest(world, where: { $0.timeout != nil }) else { return }
        let seconds = first.timeout?.seconds ?? 0
        world.report(
            "requests",
            "\(first.life.node) still owes an answer to request \(request.rawValue) with \(seconds) s: \(first.what)")
    }

    /// The first that was asked of a peer in the core, of those that are meant.
    private func oldest(_ world: World, where isMeant: (Open) -> Bool) -> (RequestID, Open)? {
        open.filter { isMeant($0.value) && world.isInCore($0.value.life.node) }
            .min { $0.key.rawValue < $1.key.rawValue }
            .map { ($0.key, $0.value) }
    }
}
