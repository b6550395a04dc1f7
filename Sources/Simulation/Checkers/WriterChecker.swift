import Content
import PeerCore

/// Every piece is in one place, and at most one holder's copy of it counts.
struct WriterChecker {
    private struct Fetch: Hashable {
        let life: Life
        let root: FileRoot
    }

    /// Pieces that were stored.
    private var stored: [Fetch: PieceSet] = [:]
    /// Pieces that were lost after they were counted, and are fetched twice with good reason.
    private var lossy: Set<Fetch> = []
    /// Downloads whose bytes were compared: none of them, and it looks at nothing.
    private(set) var compared = 0

    mutating func ended(_ life: Life) {
        stored = stored.filter { $0.key.life != life }
        lossy = lossy.filter { $0.life != life }
    }

    mutating func handled(_ input: PeerInput, _ peer: PeerHost, _ process: PeerProcess, _ world: World) {
        switch input {
        case .pieceStored(let id, let index, _, .stored):
            guard let root = process.machine.entry(of: id)?.root, let work = world.library[root] else { return }
            stored[Fetch(life: peer.life, root: root), default: work.none].insert(index)
        case .committed(let id, .some), .delivered(let id, .failed), .partialMissing(let id, _),
            .partialTouched(let id, _):
            keep(nil, of: id, peer, process)
        case .partialVerified(let id, let pieces), .partialOpened(let id, let pieces):
            keep(pieces, of: id, peer, process)
        case .wake:
            let misplaced = process.machine.misplacedPieces
            if misplaced > 0 { world.report("writers", "\(misplaced) pieces of \(peer.node) are not in one place") }
        case .dialed, .dialFailed, .accepted, .received, .closed, .pieceStarted, .progressed, .pieceReceived,
            .pieceStored, .chunkServed, .layerChecked, .committed, .partialChecked, .spaceChecked, .partialFailed,
            .delivered, .repairPostponed, .judged,
            .manifestRead, .treeSurveyed, .treeFailed, .filesStaged, .filesPublished, .publishingFailed, .manifestMade,
            .directoryChanged, .indexed, .withdrawn, .settling, .indexing, .wish, .inspected, .cancel, .pause,
            .resume, .prioritize, .survey, .wait, .lift, .leave, .restored, .restoredBan:
            break
        }
    }

    /// - Parameter pieces: what is left of a partial file; nil if that is not known.
    private mutating func keep(_ pieces: PieceSet?, of id: DownloadID, _ peer: PeerHost, _ process: PeerProcess) {
        guard let root = process.machine.entry(of: id)?.root else { return }
        let fetch = Fetch(life: peer.life, root: root)
        guard let before = stored[fetch], pieces.map({ before.intersection($0) != before }) ?? true else { return }
        lossy.insert(fetch)
    }

    mutating func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        guard case .finished(_, let result) = effect, !lossy.contains(Fetch(life: peer.life, root: result.root)) else {
            return
        }
        compared += 1
        let bytes = result.holders.reduce(0) { $0 &+ $1.bytes }
        if bytes > result.root.length {
            world.report("writers", "\(peer.node) counted \(bytes) bytes of a file of \(result.root.length)")
        }
    }
}
