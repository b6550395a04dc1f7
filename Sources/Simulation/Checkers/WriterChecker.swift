import Content
import PeerCore

/// Every piece is in one place, and at most one holder's copy of it counts.
struct WriterChecker {
    private struct Fetch: Hashable {
        let life: Life
        let root: FileRoot
    }

    /// What a download has in this life of its daemon.
    private struct Progress {
        let id: DownloadID
        /// Bytes that an earlier life left: no holder is to be thanked for them now.
        let inherited: UInt64
        var stored: PieceSet
        /// Pieces that are being looked at again.
        var looked: PieceSet?
        /// Pieces were lost after they were counted, and are fetched twice with good reason.
        var isLossy = false
    }

    private var fetches: [Fetch: Progress] = [:]
    /// Downloads whose bytes were compared: none of them, and it looks at nothing.
    private(set) var compared = 0

    mutating func ended(_ life: Life) { fetches = fetches.filter { $0.key.life != life } }

    mutating func handled(_ input: PeerInput, _ peer: PeerHost, _ process: PeerProcess, _ world: World) {
        switch input {
        case .partialOpened(let id, let pieces): opened(id, pieces, peer, process, world)
        case .pieceStored(let id, let index, _, .stored):
            change(id, peer, process) { $0.stored.insert(index) }
        case .committed(let id, .some), .delivered(let id, .failed), .partialMissing(let id, _),
            .partialTouched(let id, _):
            change(id, peer, process) { $0.isLossy = true }
        case .partialVerified(let id, let right):
            change(id, peer, process) { progress in
                progress.isLossy = progress.isLossy || progress.looked != right
                progress.looked = nil
            }
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

    /// A partial file is made, or is taken up again with what is left of it.
    private mutating func opened(
        _ id: DownloadID, _ pieces: PieceSet, _ peer: PeerHost, _ process: PeerProcess, _ world: World
    ) {
        guard let root = process.machine.entry(of: id)?.root, let work = world.library[root] else { return }
        let fetch = Fetch(life: peer.life, root: root)
        if let known = fetches[fetch], known.id == id {
            fetches[fetch]?.isLossy = known.isLossy || known.stored.intersection(pieces) != known.stored
        } else {
            fetches[fetch] = Progress(id: id, inherited: work.layout.bytes(of: pieces), stored: pieces)
        }
    }

    private mutating func change(
        _ id: DownloadID, _ peer: PeerHost, _ process: PeerProcess, _ change: (inout Progress) -> Void
    ) {
        guard let root = process.machine.entry(of: id)?.root else { return }
        let fetch = Fetch(life: peer.life, root: root)
        guard var progress = fetches[fetch], progress.id == id else { return }
        change(&progress)
        fetches[fetch] = progress
    }

    mutating func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        switch effect {
        case .verifyPartial(let id, let pieces):
            if let process = peer.process { change(id, peer, process) { $0.looked = pieces } }
        case .finished(_, let result): if !result.already { compare(result, peer, world) }
        default: break
        }
    }

    private mutating func compare(_ result: FetchResult, _ peer: PeerHost, _ world: World) {
        let progress = fetches[Fetch(life: peer.life, root: result.root)]
        guard progress?.isLossy != true else { return }
        compared += 1
        let bytes = result.holders.reduce(0) { $0 &+ $1.bytes }
        let due = result.root.length &- (progress?.inherited ?? 0)
        if bytes > due {
            world.report("writers", "\(peer.node) counted \(bytes) bytes of \(due) that it lacked of a file")
        }
    }
}
