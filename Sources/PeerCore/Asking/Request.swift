import Content
import Wire

/// A client's wish on its way: what stands in the share is looked at, the swarm is asked, the download is joined.
struct Request {
    enum State {
        case inspecting
        case asking(Ask)
        case fetching(DownloadID)
    }

    /// What the client wants of the answer.
    enum Aim {
        case fetch
        /// To know who has what.
        case survey
        /// To hear when a download that runs has ended.
        case wait
    }

    let id: RequestID
    let wish: FetchWish
    let aim: Aim
    let since: Moment
    /// When something last brought it forward; its timeout counts from here.
    var progressed: Moment
    var state = State.inspecting
    /// Bytes of its download that had come before it joined that.
    var receivedBefore: UInt64 = 0

    var isFetching: Bool {
        if case .fetching = state { true } else { false }
    }

    var isAsking: Bool {
        if case .asking = state { true } else { false }
    }

    /// Its download was begun before it was decided.
    var hasProvisional: Bool {
        if case .asking(let ask) = state, case .begun = ask.provisional { true } else { false }
    }

    /// Changes a running ask where it is. With a copy of its sets for each answer, those of a big swarm would cost the
    /// square of their number.
    mutating func change(_ body: (inout Ask) -> Void) {
        guard case .asking(var ask) = state else { return }
        state = .inspecting
        body(&ask)
        state = .asking(ask)
    }
}

/// One `req` put to the swarm, until every peer answered or the window closed.
struct Ask {
    enum Provisional: Equatable {
        case none
        case begun(DownloadID)
        /// There was one, and it is not begun again.
        case over
    }

    /// What stands at that name in this peer's own share.
    var local: LocalVersion?
    /// It is a directory, and files in it have rotted.
    let isRotten: Bool
    /// The window does not close before this.
    var windowEnd: Moment
    /// Everybody has had the time to answer who answers soon.
    var graceEnd: Moment
    var provisional = Provisional.none
    /// Peers that were asked, all in all.
    var asked: Set<PeerID> = []
    /// Peers that have not answered.
    var outstanding: Set<PeerID> = []
    /// Peers that were asked again on a new connection, since all that there were had been lost.
    var askedAgain: Set<PeerID> = []
    /// Peers that may have it when they have indexed their share.
    var indexing: Set<PeerID> = []
    var askAgain = Moment.distantFuture
    /// Peers that have the directory and cannot offer it.
    var unfit: Set<PeerAddress> = []
    var offers: [PeerID: FileOfferFrom] = [:]
    /// Peers that may fetch the same, and what they asked for meanwhile.
    var companions: [PeerID: FileQuery] = [:]

    struct FileOfferFrom {
        let root: FileRoot
        /// Bytes that whoever fetches it gets.
        let length: UInt64
        let modified: Int64
        let address: PeerAddress
        let holding: Holding
        let answered: Moment
    }

    /// The versions offered, most held first.
    var versions: [FileVersion] {
        var holders: [FileRoot: [VersionHolder]] = [:]
        var modified: [FileRoot: Int64] = [:]
        var lengths: [FileRoot: UInt64] = [:]
        for offer in offers.values {
            holders[offer.root, default: []].append(VersionHolder(address: offer.address, have: offer.have))
            modified[offer.root] = max(modified[offer.root] ?? .min, offer.modified)
            lengths[offer.root] = max(lengths[offer.root] ?? 0, offer.length)
        }
        if let local, holders[local.root] != nil {
            holders[local.root]?.append(VersionHolder(address: nil, have: local.length))
            lengths[local.root] = local.length
        }
        return holders.map { root, holders in
            FileVersion(
                root: root, length: lengths[root] ?? root.length, modified: modified[root] ?? 0, holders: holders)
        }.sorted { ($0.holders.count, $0.root.digest.hex) > ($1.holders.count, $1.root.digest.hex) }
    }
}

extension Ask.FileOfferFrom {
    /// Bytes that the holder has.
    var have: UInt64 {
        switch holding {
        case .all, .tree: length
        case .pieces(let pieces): PieceLayout(length: root.length)?.bytes(of: pieces) ?? 0
        }
    }
}
