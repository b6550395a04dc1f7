import Content
import ManagerCore
import PeerCore

/// A connection that is gone never returns: nothing is wanted of it any more.
struct GenerationChecker {
    private var gone: [Life: Set<ConnectionID>] = [:]

    mutating func ended(_ life: Life) { gone[life] = nil }

    mutating func handled(_ input: PeerInput, _ peer: PeerHost) {
        if case .closed(let connection, _) = input { gone[peer.life, default: []].insert(connection) }
    }

    mutating func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        guard let connection = effect.connection else { return }
        expectAlive(connection, peer, world)
        if case .close = effect { gone[peer.life, default: []].insert(connection) }
    }

    mutating func wants(_ effect: ManagerEffect, _ manager: ManagerHost, _ world: World) {
        switch effect {
        case .send(let connection, _), .sendEncoded(let connection, _): expectAlive(connection, manager, world)
        case .close(let connection, _):
            expectAlive(connection, manager, world)
            gone[manager.life, default: []].insert(connection)
        case .wake, .joined, .left, .probe, .endProbe: break
        }
    }

    mutating func handled(_ input: ManagerInput, _ manager: ManagerHost) {
        if case .closed(let connection, _) = input { gone[manager.life, default: []].insert(connection) }
    }

    /// A connection begins; its number is a new one, unless somebody forgot that it must be.
    mutating func began(_ connection: ConnectionID, _ life: Life) { gone[life]?.remove(connection) }

    private func expectAlive(_ connection: ConnectionID, _ host: Host, _ world: World) {
        if gone[host.life]?.contains(connection) == true {
            world.report("generations", "\(host.node) speaks on connection \(connection), which is gone")
        }
    }
}

extension PeerEffect {
    /// The connection that it is about.
    fileprivate var connection: ConnectionID? {
        switch self {
        case .send(let connection, _), .close(let connection, _), .receivePiece(let connection, _, _, _),
            .discardPiece(let connection, _), .passOver(let connection), .serve(let connection, _, _, _),
            .serveNothing(let connection, _, _),
            .stopServing(let connection, _, _), .receiveFile(let connection, _, _, _):
            connection
        case .dial, .checkLayer, .openPartial, .reopenPartial, .commit, .checkPartial, .verifyPartial, .deliver,
            .discardPartial,
            .readManifest, .surveyTree, .publishFiles, .discardFiles, .closeTree, .keepLarge,
            .removeRemains, .makeManifest, .checkSpace, .keep,
            .forget, .banned, .lifted, .inspect, .inspectTree, .found, .finished, .failed, .accepted, .changed,
            .surveyed, .liftedBans, .wake, .left, .note:
            nil
        }
    }
}
