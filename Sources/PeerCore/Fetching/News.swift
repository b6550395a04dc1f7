import Content
import Wire

/// Pieces that those who know what we have are still to be told of.
///
/// Who is behind this peer in the crowd's forest hears of each piece at once, unless it has asked for it already and gets it. The others do
/// not fetch from us while they are in it too, and telling all of each piece would be most of a crowd's messages:
/// they hear of many together, and the more they are the less often.
struct News {
    private static let pauseMin = Span.milliseconds(500)
    private static let pausePerPeer = Span.milliseconds(50)

    private(set) var pieces: PieceSet
    private(set) var due = Moment(nanoseconds: 0)
    /// Who were behind this peer when somebody was last told.
    var children: Set<ConnectionID> = []

    init(pieceCount: Int) { pieces = PieceSet(pieceCount: pieceCount) }

    /// - Parameter peers: who are to be told.
    mutating func add(_ gained: PieceSet, peers: Int, now: Moment) {
        let pause = News.pausePerPeer.nanoseconds * UInt64(peers)
        if pieces.isEmpty { due = now + max(News.pauseMin, Span(nanoseconds: pause)) }
        pieces.formUnion(gained)
    }

    /// - Returns: those of them that are still offered.
    mutating func take(_ offered: PieceSet) -> PieceSet {
        var (taken, withdrawn) = (pieces, pieces)
        withdrawn.subtract(offered)
        taken.subtract(withdrawn)
        pieces = PieceSet(pieceCount: pieces.pieceCount)
        return taken
    }
}

extension PeerMachine {
    /// Others may have these pieces now: whoever waits for them is served, and the others are told.
    mutating func offer(_ gained: PieceSet, of id: DownloadID) {
        guard let download = downloads[id], download.isOpen else { return }
        let offerable = download.offerable(gained)
        guard !offerable.isEmpty else { return }
        let children = children(of: download)
        // Whoever takes such a place hears of what it has not heard.
        if children != download.news.children { tellRest(id, isDue: true) }
        downloads[id]?.news.children = children
        for child in children.sorted(by: { $0.rawValue < $1.rawValue }) {
            var news = offerable.members(of: download.plan.crowd.forest.passedOn)
            for chunk in sessions[child]?.waiting ?? [] where chunk.root == download.root && !chunk.isCancelled {
                news.remove(chunk.pieces)
            }
            tellWhoLacks(news, of: id, on: child)
        }
        downloads[id]?.news.add(offerable, peers: download.followers.count, now: now)
        tellRest(id, isDue: download.plan.branches.isLoose)
        for connection in download.followers { serveWaiting(on: connection) }
    }

    /// On what connections those behind this peer hear of its pieces.
    private func children(of download: Download) -> Set<ConnectionID> {
        guard !download.plan.branches.isLoose else { return [] }
        let children: [PeerID?] = download.plan.crowd.forest.children
        return download.followers.filter { children.contains(sessions[$0]?.peer) }
    }

    /// Tells all who have not heard yet. Who is behind it hears of all, also of what it has itself: it judges by it whether this
    /// peer falls behind.
    mutating func tellRest(_ id: DownloadID, isDue: Bool = false) {
        guard let download = downloads[id], !download.news.pieces.isEmpty, isDue || download.news.due <= now,
            let offered = download.offered, let gained = downloads[id]?.news.take(offered)
        else { return }
        let children = children(of: download)
        for connection in download.followers.sorted(by: { $0.rawValue < $1.rawValue }) {
            if children.contains(connection) {
                tell(connection, download.root, gained)
            } else {
                tellWhoLacks(gained, of: id, on: connection)
            }
        }
    }

    /// Tells those who know what we have of all of these pieces.
    mutating func tellFollowers(_ id: DownloadID, _ gained: PieceSet) {
        guard let download = downloads[id] else { return }
        for connection in download.followers.sorted(by: { $0.rawValue < $1.rawValue }) {
            tell(connection, download.root, gained)
            serveWaiting(on: connection)
        }
    }

    /// Of pieces that somebody has himself he does not hear at once: he will ask nobody for them. In a crowd that is every
    /// other message. He hears of all when we have all; should he lose some before, he asks who has them.
    private mutating func tellWhoLacks(_ gained: PieceSet, of id: DownloadID, on connection: ConnectionID) {
        guard let download = downloads[id] else { return }
        var news = gained
        if let known = download.pieces(ofHolderOn: connection) { news.subtract(known) }
        tell(connection, download.root, news)
    }

    private mutating func tell(_ connection: ConnectionID, _ root: FileRoot, _ gained: PieceSet) {
        let runs = gained.runs
        for start in stride(from: 0, to: runs.count, by: WireLimits.runsPerFrameMax) {
            let part = Array(runs[start..<min(runs.count, start + WireLimits.runsPerFrameMax)])
            send(.nowHave(root, part), on: connection)
        }
    }
}
