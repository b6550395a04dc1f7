import Content
import Wire

/// Pieces that those who know what we have are still to be told of.
///
/// Who is behind this peer in the crowd's forest hears of each piece that it gets from here at once, unless it has asked
/// for it already. The others do not fetch from us while they are in it too, and telling all of each piece would be most
/// of a crowd's messages: they hear of many together, and the more they are the less often.
struct News {
    private static let pauseMin = Span.milliseconds(500)
    private static let pausePerPeer = Span.milliseconds(50)

    private(set) var pieces: PieceSet
    private(set) var due = Moment(nanoseconds: 0)
    /// Who were behind this peer when somebody was last told.
    var children: [ConnectionID] = []

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
        guard downloads[id]?.isOpen == true, let offerable = downloads[id]?.offerable(gained), !offerable.isEmpty,
            let root = downloads[id]?.root, let followers = downloads[id]?.followers
        else { return }
        let children = children(of: id)
        // Whoever takes such a place hears of what it has not heard.
        if children != downloads[id]?.news.children { tellRest(id, isDue: true) }
        downloads[id]?.news.children = children
        let passedOn = offerable.members(of: downloads[id]?.plan.crowd.forest.passedOn ?? .whole)
        for child in children {
            var news = passedOn
            for chunk in sessions[child]?.waiting ?? [] where chunk.root == root && !chunk.isCancelled {
                news.remove(chunk.pieces)
            }
            tellWhoLacks(news, of: id, on: child)
        }
        downloads[id]?.news.add(offerable, peers: followers.count, now: now)
        tellRest(id, isDue: downloads[id]?.plan.branches.isLoose == true)
        for connection in followers { serveWaiting(on: connection) }
    }

    /// On what connections those behind this peer hear of its pieces.
    private func children(of id: DownloadID) -> [ConnectionID] {
        guard downloads[id]?.plan.branches.isLoose == false else { return [] }
        return (downloads[id]?.plan.crowd.forest.children ?? []).compactMap { child in
            // Most fetch on the connection on which they are fetched from.
            if case .active(let connection) = downloads[id]?.holders[child]?.state,
                downloads[id]?.followers.contains(connection) == true
            {
                return connection
            }
            return downloads[id]?.followers.first { sessions[$0]?.peer == child }
        }
    }

    /// Tells all who have not heard yet. Who is behind it hears of all, also of what it has itself: it judges by it
    /// whether this peer falls behind.
    mutating func tellRest(_ id: DownloadID, isDue: Bool = false) {
        guard let download = downloads[id], !download.news.pieces.isEmpty, isDue || download.news.due <= now,
            let offered = download.offered, let gained = downloads[id]?.news.take(offered)
        else { return }
        let children = children(of: id)
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
        guard let root = downloads[id]?.root else { return }
        var news = gained
        if let known = downloads[id]?.pieces(ofHolderOn: connection) { news.subtract(known) }
        tell(connection, root, news)
    }

    private mutating func tell(_ connection: ConnectionID, _ root: FileRoot, _ gained: PieceSet) {
        let runs = gained.runs
        for start in stride(from: 0, to: runs.count, by: WireLimits.runsPerFrameMax) {
            let part = Array(runs[start..<min(runs.count, start + WireLimits.runsPerFrameMax)])
            send(.nowHave(root, part), on: connection)
        }
    }
}
