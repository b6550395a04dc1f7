import Content
import Wire

/// What becomes of peers that lie.
extension PeerMachine {
    /// A holder sent what does not lead to the root: it is dropped for this root, and refused altogether when it did so
    /// too often.
    mutating func lied(_ peer: PeerID, about id: DownloadID, _ reason: String) {
        guard let download = downloads[id], let holder = download.holders[peer] else { return }
        if holder.saidGone, pardons(peer, download.root, in: id) { return advance(id) }
        let count = strikes.add(peer, download.root, now: now, within: policy.ban)
        dropLiar(peer, from: id, reason)
        if count >= policy.strikesMax {
            ban(peer, holder.address, "\(count) times it sent what it should not; the last: \(reason)")
        } else if download.kind == .tree, download.tree == nil, case .active(let connection) = holder.state {
            // The list of a directory: whoever offers it has made it, or proved all of it.
            refuse(connection, "the list of \(download.name) is refused: \(reason)")
        }
    }

    /// A holder sent another file of a directory than it was asked for: it is not asked for that one again, and refused
    /// altogether when it did so too often.
    mutating func lied(_ peer: PeerID, aboutFile file: Int, of id: DownloadID) {
        guard let download = downloads[id], let holder = download.holders[peer], let manifest = download.tree?.manifest,
            let root = manifest.root(at: file)
        else { return }
        let reason = "\(manifest.name(at: file).path) was wrong"
        downloads[id]?.tree?.liars[file, default: []].insert(peer)
        note(.holderErred(id, holder.address, reason: reason))
        let count = strikes.add(peer, root, now: now, within: policy.ban)
        guard count >= policy.strikesMax else { return }
        dropLiar(peer, from: id, reason)
        ban(peer, holder.address, "\(count) times it sent what it should not; the last: \(reason)")
    }

    /// Whether a holder that says that its file changed while it was sent is believed: once for each root, and then for
    /// all that it sent before it said so.
    mutating func pardons(_ peer: PeerID, _ root: FileRoot, in id: DownloadID) -> Bool {
        if downloads[id]?.holders[peer]?.pardoned == root { return true }
        guard strikes.pardon(peer, root, now: now, within: policy.ban) else { return false }
        downloads[id]?.holders[peer]?.pardoned = root
        return true
    }

    private mutating func ban(_ peer: PeerID, _ address: PeerAddress, _ reason: String) {
        strikes.clear(peer)
        let ban = Ban(peer: peer, address: address, reason: reason, until: now + policy.ban)
        bans.insert(ban, limit: policy.bansMax)
        emit(.banned(ban))
        note(.banned(peer, address, reason: reason))
        dropAll(of: peer, "banned: \(reason)")
    }

    /// What an earlier run of the daemon decided.
    mutating func restored(_ ban: Ban) { bans.insert(ban, limit: policy.bansMax) }

    private mutating func dropAll(of peer: PeerID, _ reason: String) {
        for connection in sessions.filter({ $0.value.peer == peer }).map(\.key) {
            emit(.send(connection, .refused(.banned, reason: reason)))
            drop(connection, reason)
        }
    }

    /// Whether a peer that has said who it is must go: it is banned, or is where a banned one was.
    func isBanned(_ peer: PeerID) -> Bool {
        bans.contains(peer) || roster.entries[peer].map { bans.contains($0.address) } ?? false
    }

    /// - Parameter choice: nil lifts all.
    mutating func lift(_ request: RequestID, _ choice: BanChoice) {
        let lifted = bans.all.filter { ban in
            switch choice {
            case .all: true
            case .peer(let peer): ban.peer == peer
            case .address(let address): ban.address.with(port: address.port == 0 ? 0 : ban.address.port) == address
            }
        }
        for ban in lifted where bans.lift(ban.peer) { emit(.lifted(ban.peer)) }
        emit(.liftedBans(request, lifted))
    }

    mutating func sweepBans() {
        for peer in bans.expire(now) { emit(.lifted(peer)) }
    }
}

/// Which bans to lift.
public enum BanChoice: Hashable, Sendable {
    case all
    case peer(PeerID)
    /// Port 0 stands for every port.
    case address(PeerAddress)
}
