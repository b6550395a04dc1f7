import Content
import PeerCore

/// The database's thread: one job after the other, each durable when it is done.
extension World {
    func record(_ job: LedgerJob, of peer: PeerHost) {
        guard let process = peer.process else { return }
        process.ledgerIsFree = max(process.ledgerIsFree, now) + draws.pause(about: scenario.diskLatency)
        queue.plan(.ledger(peer.life, job), at: process.ledgerIsFree)
    }

    func write(_ job: LedgerJob, _ peer: PeerHost) {
        switch job {
        case .load: restore(peer)
        case .keep(let entry, let pieces):
            if peer.disk.rows[entry.id] == nil {
                peer.disk.rows[entry.id] = .init(entry: entry)
                guard let pieces else { return }
                peer.disk.rows[entry.id]?.layer = library[entry.root]?.layer
                peer.disk.rows[entry.id]?.pieces = pieces
                checkers.records.recorded(pieces, of: entry.id, peer, self)
            } else {
                peer.disk.rows[entry.id]?.entry = entry
            }
        case .setPartial(let id, let layer, let pieces):
            peer.disk.rows[id]?.layer = layer
            peer.disk.rows[id]?.pieces = pieces
        case .setPieces(let id, let pieces):
            peer.disk.rows[id]?.pieces = pieces
            checkers.records.recorded(pieces, of: id, peer, self)
            feed(.committed(id, nil), to: peer)
        case .forget(let id):
            peer.disk.rows[id] = nil
            checkers.deliveries.forgotten(id, peer)
        case .ban(let ban): peer.disk.bans[ban.peer] = ban
        case .lift(let id): peer.disk.bans[id] = nil
        }
    }

    /// What an earlier life left.
    private func restore(_ peer: PeerHost) {
        guard let process = peer.process else { return }
        // A partial file that no row tells of is removed; one was made before its row was written.
        for id in peer.disk.partials.keys where peer.disk.rows[id]?.layer == nil { peer.disk.partials[id] = nil }
        for ban in peer.disk.bans.values.sorted(by: { $0.peer.high < $1.peer.high }) {
            feed(.restoredBan(ban), to: peer)
        }
        for (id, row) in peer.disk.rows.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            if row.layer != nil { process.leftovers.insert(id) }
            guard let work = library[row.entry.root] else { continue }
            feed(
                .restored(.init(entry: row.entry.reread, layer: row.layer, pieces: row.pieces ?? work.none)), to: peer)
        }
        process.isRestored = true
        planClient(of: peer)
    }
}

extension DownloadEntry {
    /// As the database gives it back: of a failure only the words are kept.
    fileprivate var reread: DownloadEntry {
        let state: State =
            switch state {
            case .running, .paused, .failed(.cancelled): state
            case .failed: .failed(.recorded("failed before"))
            }
        return DownloadEntry(
            id: id, kind: kind, name: name, root: root, modified: modified, replacing: replacing,
            keepsBackup: keepsBackup, sync: sync, priority: priority, state: state)
    }
}
