import Content
import Wire

/// The fetching of one root.
///
///     queued -> gathering --layer complete--> checking --right--> opening --opened--> fetching
///               --all stored--> proving --all right--> finishing
///
/// `checking` goes back to `gathering` with another holder if the digests do not lead to the root. A file of one piece
/// needs no layer, an empty one no pieces. Without a holder the download stays where it is until one comes. `proving`
/// looks again at pieces that an earlier run left; a wrong one leads back to `fetching`. From everywhere before
/// `finishing` it may be `paused` or have `failed`, and from there it is `queued` again. What a tree does beyond that is
/// told in Growing.swift.
struct Download {
    enum Phase {
        /// As many as may run at one time are running.
        case queued
        /// The piece layer; nil while no holder is there to ask.
        case gathering(LayerFetch?)
        case checking(from: PeerID, [Digest])
        case opening
        case fetching
        case proving
        case finishing
        /// Of a tree: its manifest is read.
        case reading
        /// Of a tree: its files are fetched.
        case growing
        case paused(PauseCause)
        case failed(FetchFailure)
    }

    /// The partial file. It is opened once: a download that is stopped meanwhile, and taken up again, waits for it.
    enum Partial {
        case none
        case opening
        /// Being opened, and not needed any more.
        case unwanted
        /// Pieces can be written, and those that are durable offered.
        case open
    }

    /// Bytes of a tree's files: those in the share, and all.
    struct Figures {
        let have: UInt64
        var length: UInt64
    }

    struct Holder {
        enum State: Equatable {
            case active(ConnectionID)
            case lost
            /// Sent wrong bytes: not asked again in this download.
            case liar
        }

        let address: PeerAddress
        var holding: Holding
        var state: State
        var bytes: UInt64 = 0
        /// It said by itself that it has the file no more: what was wrong before was no lie.
        var saidGone = false

        init(address: PeerAddress, holding: Holding, state: State) {
            self.address = address
            self.holding = holding
            self.state = state
        }

        var isLiar: Bool { state == .liar }
    }

    let id: DownloadID
    let kind: DownloadEntry.Kind
    let name: ShareName
    let root: FileRoot
    /// Seconds since 1970, as its holders say.
    let modified: Int64
    var replacing: Bool
    var keepsBackup: Bool
    let sync: Bool
    /// It is put into the share with the syncs: it was begun so, or somebody who joined it wants them.
    var isDeliveredSynced: Bool
    let since: Moment
    var priority: Int
    /// When it was asked for, among those of this run of the daemon: versions are decided on in another order.
    var turn: UInt64 = 0
    var phase = Phase.queued
    var plan: Plan
    /// While it is growing.
    var tree: Tree?
    /// As it was when it was growing last; before, as its holders say.
    var lastKnown = Figures(have: 0, length: 0)
    /// Of a tree: what came by its children's own downloads.
    var childBytes: [PeerAddress: UInt64] = [:]
    /// The tree that this is a file of.
    var parent: DownloadID?
    /// Which its tree's manifest gives it.
    var mode: FileMode?
    /// Known once it was checked against the root.
    var layer: [Digest]?
    var partial = Partial.none
    /// Its partial file is gone, and what stands at its name is not indexed: it may be this very file.
    var awaitsIndex = false
    /// What an earlier run left and nobody has looked at since.
    var inherited: PieceSet?
    var commits: Commits
    /// Holders that were asked for digests and have not sent any since then.
    var layerSources: [ConnectionID: Moment] = [:]
    /// Who was told what we have, and is told when it becomes more.
    var followers: Set<ConnectionID> = []
    var holders: [PeerID: Holder] = [:]
    /// When a holder was last found to have sent wrong bytes.
    var lastLie = Moment(nanoseconds: 0)
    var requests: Set<RequestID> = []
    /// It was begun in the background, or has been stopped and listed: it does not go with those who wait for it.
    var isListed = false
    /// Peers that were asked again since the last search for holders, as their connections had been lost.
    var askedAgain: Set<PeerID> = []
    var nextSeek: Moment
    var seekPause: Span
    /// Connections to holders that are in use: kept beside `holders`, which may be as many as the roster.
    private(set) var lanes: [ConnectionID] = []
    /// Whose connections have been lanes: a piece may be checked when its connection is gone.
    private(set) var senders: [ConnectionID: PeerID] = [:]

    init(_ record: DownloadEntry, layout: PieceLayout, stored: PieceSet?, plan: Plan, policy: PeerPolicy, now: Moment) {
        id = record.id
        kind = record.kind
        name = record.name
        root = record.root
        modified = record.modified
        replacing = record.replacing
        keepsBackup = record.keepsBackup
        sync = record.sync
        isDeliveredSynced = record.sync
        priority = record.priority
        since = now
        self.plan = plan
        // What is right of a rotten file is not in the partial file: it is neither looked at again nor offered.
        let found = record.kind.badPieces == nil ? stored : nil
        inherited = found.flatMap { $0.isEmpty ? nil : $0 }
        commits = Commits(durable: found ?? PieceSet(pieceCount: layout.pieceCount))
        nextSeek = now + policy.seekFirst
        seekPause = policy.seekFirst
    }

    /// Bytes verified and written.
    var have: UInt64 { kind == .tree ? figures.have : plan.have }

    /// Bytes in all, as far as is known.
    var length: UInt64 { kind == .tree ? figures.length : root.length }

    /// Of a tree. Between two surveys nobody knows better.
    private var figures: Figures {
        guard let tree, tree.isSurveyed else { return lastKnown }
        return Figures(have: tree.have, length: tree.manifest.length)
    }

    /// What to ask others for.
    var query: FileQuery { kind == .tree ? .tree(name) : .root(root) }

    /// Its part of the holders' connections.
    var currentLanes: [ConnectionID: Lane] { tree?.plan.lanes ?? plan.lanes }

    /// Bytes from the beginning of the partial file without a gap. What an earlier run left counts when it has been
    /// looked at.
    var prefix: UInt64 {
        guard kind.badPieces == nil else { return 0 }
        let inherited = inherited?.next(from: 0).map { plan.layout.offset(of: $0) } ?? .max
        return min(plan.prefix, inherited)
    }

    /// Holders are of use to it.
    var isFetching: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching, .growing: true
        case .queued, .proving, .finishing, .reading, .paused, .failed: false
        }
    }

    /// Whoever has something of it is kept in mind.
    var takesHolders: Bool {
        if case .reading = phase { true } else { isFetching }
    }

    /// It takes one of the places for downloads that run.
    var isRunning: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching, .proving, .finishing, .reading, .growing: true
        case .queued, .paused, .failed: false
        }
    }

    var isOpen: Bool { partial == .open }

    /// All of it is stored and proved: what is left is the delivery, with a sync of its own.
    var isReadyToFinish: Bool {
        if case .fetching = phase { plan.isComplete && inherited == nil } else { false }
    }

    /// It cannot be called off any more.
    var isFinishing: Bool {
        if case .finishing = phase { true } else { false }
    }

    var failure: FetchFailure? {
        if case .failed(let failure) = phase { failure } else { nil }
    }

    /// It makes headway, or will when its turn comes.
    var isGoing: Bool {
        switch phase {
        case .gathering, .checking, .opening, .fetching: isFed
        case .growing: isFed || tree?.isSurveyed == false
        case .queued, .proving, .finishing, .reading: true
        case .paused, .failed: false
        }
    }

    /// No holder is left, or none with anything that is missing.
    var isWaiting: Bool { isFetching && !isFed && tree?.isSurveyed != false }

    /// Some holder in use has what is missing. Others that fetch the same may have nothing, and wait like this one.
    var isFed: Bool {
        lanes.contains { connection in
            switch senders[connection].flatMap({ holders[$0]?.holding }) {
            case .all, .tree: true
            case .pieces(let pieces): tree == nil && plan.lacks(someOf: pieces)
            case nil: false
            }
        }
    }

    /// What it has for others.
    var offered: PieceSet? { isOpen ? offerable(commits.durable) : nil }

    /// Whoever has all of a manifest has its tree: one that is fetched lacks the manifest's last piece for others.
    func offerable(_ pieces: PieceSet) -> PieceSet {
        guard kind == .tree else { return pieces }
        var pieces = pieces
        pieces.remove(pieces.pieceCount - 1)
        return pieces
    }

    /// Fetches from a holder over a connection.
    mutating func activate(_ peer: PeerID, at address: PeerAddress, _ holding: Holding, on connection: ConnectionID) {
        holders[peer, default: Holder(address: address, holding: holding, state: .lost)].state = .active(connection)
        holders[peer]?.holding = holding
        senders[connection] = peer
        lanes.append(connection)
    }

    /// Fetches from a holder no more.
    mutating func deactivate(_ peer: PeerID, leaving state: Holder.State) {
        if case .active(let connection) = holders[peer]?.state { lanes.removeAll { $0 == connection } }
        holders[peer]?.state = state
    }

    /// Every holder is let go of, and may be asked again.
    mutating func deactivateAll() {
        lanes = []
        for (peer, holder) in holders where !holder.isLiar { holders[peer]?.state = .lost }
    }

    func peer(on connection: ConnectionID) -> PeerID? {
        senders[connection].flatMap { holders[$0]?.state == .active(connection) ? $0 : nil }
    }

    /// Lanes to holders of all pieces, or of some.
    func laneCount(complete: Bool) -> Int {
        lanes.count { senders[$0].flatMap { holders[$0]?.holding.isComplete } == complete }
    }

    var holderBytes: [HolderBytes] {
        var bytes = childBytes
        for holder in holders.values where holder.bytes > 0 { bytes[holder.address, default: 0] += holder.bytes }
        return bytes.map { HolderBytes(address: $0.key, bytes: $0.value) }
            .sorted { $0.address.description < $1.address.description }
    }

    /// Where every holder known is, in the order of the text: which is made once for each, as they may be thousands.
    var holderAddresses: [PeerAddress] {
        holders.values.map { (text: $0.address.description, address: $0.address) }.sorted { $0.text < $1.text }
            .map(\.address)
    }

    /// What is kept of it beyond the daemon's life.
    var record: DownloadEntry {
        let state: DownloadEntry.State =
            switch phase {
            case .paused(.user): .paused
            case .failed(let failure): .failed(failure)
            case .queued, .gathering, .checking, .opening, .fetching, .proving, .finishing, .reading, .growing,
                .paused(.space):
                .running
            }
        return DownloadEntry(
            id: id, kind: kind, name: name, root: root, modified: modified, replacing: replacing,
            keepsBackup: keepsBackup,
            sync: sync, priority: priority, state: state)
    }
}
