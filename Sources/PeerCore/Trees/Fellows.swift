import Content
import Wire

/// Others that fetch the same tree. They are found as those of a file are, by its manifest's root (CrowdTalk.swift): one
/// that says that it has nothing of the manifest, or not all, fetches the tree as well.
extension PeerMachine {
    /// A holder or a fellow is there for the files of a tree.
    mutating func addTreeLane(_ connection: ConnectionID, to id: DownloadID) {
        guard let download = downloads[id], let peer = download.peer(on: connection) else { return }
        guard download.holders[peer]?.holding.isComplete == false else {
            downloads[id]?.tree?.plan.add(connection, now: now)
            recallLies(of: peer, on: connection, in: id)
            return askWhoElse(peer, fetches: download)
        }
        downloads[id]?.tree?.plan.add(connection, fellow: peer, now: now)
        recallLies(of: peer, on: connection, in: id)
        leaveToFellows(id)
    }

    /// What a holder sent wrong before it went and came back is not asked of it again.
    private mutating func recallLies(of peer: PeerID, on connection: ConnectionID, in id: DownloadID) {
        for (file, liars) in downloads[id]?.tree?.liars ?? [:] where liars.contains(peer) {
            downloads[id]?.tree?.plan.lack(file, on: connection)
        }
    }

    /// A holder names those who fetch a root to whoever asks for it.
    private mutating func askWhoElse(_ peer: PeerID, fetches download: Download) {
        put(.root(download.root), to: peer, for: .download(download.id))
    }

    /// What holders were asked for and have not begun to send may be the new fellow's part.
    private mutating func leaveToFellows(_ id: DownloadID) {
        guard let download = downloads[id], let plan = download.tree?.plan else { return }
        for connection in plan.lanes.keys where plan.fellows[connection] == nil {
            cancelChunks(of: download, on: connection) { chunk in
                chunk.next == chunk.first && chunk.file.map { plan.isForeign($0) } ?? false
            }
        }
    }

    /// All of it is in the share: its fellows may ask for all of it.
    mutating func tellOfTree(_ id: DownloadID) {
        guard let pieceCount = downloads[id]?.plan.layout.pieceCount else { return }
        tellFollowers(id, PieceSet(pieceCount: pieceCount).complement)
    }
}
