import Content
import Wire

/// Pieces that those who know what we have are still to be told of.
///
/// Who is next in a crowd's line hears of each piece at once. The others do not fetch from us while they are in the line
/// too, and telling all of each piece would be most of a crowd's messages: they hear of many together.
struct News {
    static let pause = Span.milliseconds(500)

    private(set) var pieces: PieceSet
    private(set) var due = Moment(nanoseconds: 0)
    /// Who has heard of all of them already.
    private(set) var told: ConnectionID?

    init(pieceCount: Int) { pieces = PieceSet(pieceCount: pieceCount) }

    mutating func add(_ gained: PieceSet, toldTo connection: ConnectionID?, now: Moment) {
        if pieces.isEmpty { due = now + News.pause }
        told = connection
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
        let next = nextInLine(download)
        if next != download.news.told { tellRest(id, isDue: true) }
        if let next { tellWhoLacks(offerable, of: id, on: next) }
        downloads[id]?.news.add(offerable, toldTo: next, now: now)
        tellRest(id, isDue: download.plan.chain.role == .loose)
        for connection in download.followers { serveWaiting(on: connection) }
    }

    /// Who is behind this peer in the line hears of its pieces on this connection.
    private func nextInLine(_ download: Download) -> ConnectionID? {
        guard download.plan.chain.role != .loose, let after = download.plan.crowd.line.after else { return nil }
        return download.followers.first { sessions[$0]?.peer == after }
    }

    /// Tells all who have not heard yet.
    mutating func tellRest(_ id: DownloadID, isDue: Bool = false) {
        guard let download = downloads[id], !download.news.pieces.isEmpty, isDue || download.news.due <= now,
            let gained = downloads[id]?.news.take(
                download.offered ?? PieceSet(pieceCount: download.plan.layout.pieceCount))
        else { return }
        for connection in download.followers.sorted(by: { $0.rawValue < $1.rawValue })
        where connection != download.news.told {
            tellWhoLacks(gained, of: id, on: connection)
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
