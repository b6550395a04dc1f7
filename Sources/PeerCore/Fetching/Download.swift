import Content

/// The fetching of one root.
///
///     gathering --layer complete--> checking --right--> opening --opened--> fetching --all stored--> finishing
///
/// `checking` goes back to `gathering` with another holder if the digests do not lead to the root. A file of one piece
/// needs no layer, an empty one no pieces. Without a holder the download stays where it is until one comes.
struct Download {
    enum Phase {
        /// The piece layer; nil while no holder is there to ask.
        case gathering(LayerFetch?)
        case checking(from: PeerID, [Digest])
        case opening
        case fetching
        case finishing
    }

    struct Holder {
        enum State: Equatable {
            case active(ConnectionID)
            case lost
            /// Sent wrong bytes: not asked again in this download.
            case liar
        }

        let address: PeerAddress
        var state: State
        var bytes: UInt64 = 0

        init(address: PeerAddress, state: State) {
            self.address = address
            self.state = state
        }

        var isLiar: Bool { state == .liar }
    }

    let id: DownloadID
    let name: ShareName
    let root: FileRoot
    let replacing: Bool
    let sync: Bool
    let since: Moment
    var phase = Phase.gathering(nil)
    var plan: Plan
    var holders: [PeerID: Holder] = [:]
    var requests: Set<RequestID> = []
    var nextSeek: Moment
    var seekPause: Span
    /// Connections to holders that are in use: kept beside `holders`, which may be as many as the roster.
    private(set) var lanes: [ConnectionID] = []
    /// Whose connections have been lanes: a piece may be checked when its connection is gone.
    private(set) var senders: [ConnectionID: PeerID] = [:]

    init(id: DownloadID, wish: FetchWish, root: FileRoot, layout: PieceLayout, policy: PeerPolicy, now: Moment) {
        self.id = id
        name = wish.name
        self.root = root
        replacing = wish.force
        sync = wish.sync
        since = now
        plan = Plan(layout: layout)
        nextSeek = now + policy.seekFirst
        seekPause = policy.seekFirst
    }

    /// Bytes verified and written.
    var have: UInt64 { plan.have }

    var isFetching: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching: true
        case .finishing: false
        }
    }

    var isFinishing: Bool { !isFetching }

    /// No holder is left.
    var isWaiting: Bool { isFetching && lanes.isEmpty }

    /// Fetches from a holder over a connection.
    mutating func activate(_ peer: PeerID, at address: PeerAddress, on connection: ConnectionID) {
        holders[peer, default: Holder(address: address, state: .lost)].state = .active(connection)
        senders[connection] = peer
        lanes.append(connection)
    }

    /// Fetches from a holder no more.
    mutating func deactivate(_ peer: PeerID, leaving state: Holder.State) {
        if case .active(let connection) = holders[peer]?.state { lanes.removeAll { $0 == connection } }
        holders[peer]?.state = state
    }

    func peer(on connection: ConnectionID) -> PeerID? {
        senders[connection].flatMap { holders[$0]?.state == .active(connection) ? $0 : nil }
    }

    var holderBytes: [HolderBytes] {
        holders.values.filter { $0.bytes > 0 }.map { HolderBytes(address: $0.address, bytes: $0.bytes) }
            .sorted { $0.address.description < $1.address.description }
    }

    /// Where every holder known is, in the order of the text: which is made once for each, as they may be thousands.
    var holderAddresses: [PeerAddress] {
        holders.values.map { (text: $0.address.description, address: $0.address) }.sorted { $0.text < $1.text }
            .map(\.address)
    }
}
