import Content
import PeerCore

/// A delivered file has the root that was asked for, to the last byte; it replaces nothing without being told to; and who
/// is told that it is there finds it there after a power failure, unless somebody said `--no-sync`.
struct DeliveryChecker {
    private struct Place: Hashable {
        let node: Int
        let name: ShareName
    }

    private struct Open {
        let wish: FetchWish
        let place: Place
    }

    /// Downloads that may replace what stands at their names.
    private struct Leave: Hashable {
        let node: Int
        let id: DownloadID
    }

    private var leaves: Set<Leave> = []
    private var wishes: [RequestID: Open] = [:]
    /// Files that are being put into the share, and requests that joined only then: they get what is under way.
    private var delivering: Set<Place> = []
    private var late: Set<RequestID> = []

    mutating func wished(_ request: RequestID, _ wish: FetchWish, _ peer: PeerHost) {
        wishes[request] = Open(wish: wish, place: Place(node: peer.node, name: wish.name))
    }

    func renames(
        _ id: DownloadID, _ partial: Disk.Partial, _ work: Work, over old: Disk.File?, _ terms: DeliveryTerms,
        of peer: PeerHost, _ world: World
    ) {
        if !partial.right.isComplete {
            let bad = partial.right.complement.runs
            world.report("deliveries", "\(peer.node) delivers \(partial.root) with pieces \(bad) wrong")
        }
        if partial.isSynced, !terms.sync { world.report("deliveries", "\(peer.node) was asked for less than a sync") }
        if old != nil, terms.replacing, !leaves.contains(Leave(node: peer.node, id: id)) {
            world.report("deliveries", "\(peer.node) replaces \(partial.name.path) without being told to")
        }
    }

    mutating func wants(_ effect: PeerEffect, _ peer: PeerHost, _ world: World) {
        noteDelivery(effect, peer)
        switch effect {
        case .keep(let entry): if entry.replacing { expectLeave(entry, peer, world) }
        case .failed(let request, _), .accepted(let request, _): wishes[request] = nil
        case .finished(let request, let result):
            guard let open = wishes.removeValue(forKey: request), !result.already else { return }
            judge(request, open.wish, result, peer, world)
        default: break
        }
    }

    /// It has leave to replace what stands at its name, from a wish that is open when it is first said to.
    private mutating func expectLeave(_ entry: DownloadEntry, _ peer: PeerHost, _ world: World) {
        let leave = Leave(node: peer.node, id: entry.id)
        guard !leaves.contains(leave) else { return }
        let place = Place(node: peer.node, name: entry.name)
        guard wishes.values.contains(where: { $0.wish.force && $0.place == place }) else {
            return world.report("deliveries", "\(peer.node) would replace \(entry.name.path) without being told to")
        }
        leaves.insert(leave)
    }

    private func judge(
        _ request: RequestID, _ wish: FetchWish, _ result: FetchResult, _ peer: PeerHost, _ world: World
    ) {
        guard let file = peer.disk.share[wish.name], file.root == result.root else {
            return world.report("deliveries", "\(peer.node) says it has \(wish.name.path), which is not there")
        }
        if let digest = wish.digest, digest != result.root.digest {
            world.report("deliveries", "\(peer.node) has fetched another root than was asked for")
        }
        if wish.sync, !file.isDurable, !late.contains(request) {
            world.report("deliveries", "\(peer.node) says it has \(wish.name.path), which a power failure would take")
        }
    }

    /// The database does not know the download any more; until then a next life may take it up again.
    mutating func forgotten(_ id: DownloadID, _ peer: PeerHost) { leaves.remove(Leave(node: peer.node, id: id)) }

    mutating func ended(_ life: Life) {
        delivering = delivering.filter { $0.node != life.node }
        wishes = wishes.filter { $0.value.place.node != life.node }
    }

    private mutating func noteDelivery(_ effect: PeerEffect, _ peer: PeerHost) {
        if case .deliver(let id, _) = effect, let name = peer.disk.partials[id]?.name {
            delivering.insert(Place(node: peer.node, name: name))
        } else if case .found(let request, let found) = effect,
            delivering.contains(Place(node: peer.node, name: found.name))
        {
            late.insert(request)
        } else if case .note(.downloadFinished(let download, _)) = effect {
            delivering.remove(Place(node: peer.node, name: download.name))
        } else if case .note(.downloadFailed(let download, _)) = effect {
            delivering.remove(Place(node: peer.node, name: download.name))
        }
    }
}
