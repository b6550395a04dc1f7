import Content
import PeerCore

/// What a peer's workers are asked to do. It happens when a worker comes to it, in any order.
enum DiskJob {
    case inspect(RequestID, ShareName)
    case checkLayer(DownloadID, FileRoot, [Digest])
    case open(DownloadEntry, [Digest])
    case reopen(DownloadEntry, [Digest])
    case store(DownloadID, index: Int, from: ConnectionID, Contents)
    case sync(DownloadID, PieceSet)
    case check(DownloadID)
    case verify(DownloadID, PieceSet)
    case deliver(DownloadID, DeliveryTerms)
    case discard(DownloadID)
    case checkSpace(DownloadID)
}

/// What a peer's database is asked to do, in this order and one after the other.
enum LedgerJob {
    case load
    /// With the pieces of its partial file, if there is one.
    case keep(DownloadEntry, PieceSet?)
    case setPartial(DownloadID, [Digest], PieceSet)
    case setPieces(DownloadID, PieceSet)
    case forget(DownloadID)
    case ban(Ban)
    case lift(PeerID)
}
