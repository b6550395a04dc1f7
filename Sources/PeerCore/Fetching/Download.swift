import Content
import Wire

/// The fetching of one root.
///
///     queued -> gathering --layer complete--> checking --right--> opening --opened--> fetching
///               --all stored--> proving --all right--> finishing
///
/// `checking` goes back to `gathering` with another holder if the digests do not lead to the root. A file of one piece
/// needs no layer, an empty one no pieces. Without a holder the download stays where it is until one comes. `proving`
/// looks again at pieces that an earlier run left; a wrong one leads back to `fetching`. When somebody else has written to
/// the partial file, `draining` leads to `proving` from wherever that is noticed. From everywhere before
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
        /// Somebody else wrote to its partial file: what workers have of it is waited for.
        case draining
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
        /// Somebody else wrote to it, and it has not been looked through since.
        case touched
        /// Another file stands at its path, or none.
        case displaced
    }

    /// Bytes of a tree's files: those in the share, and all.
    struct Figures {
        var have: UInt64
        let length: UInt64
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
        /// When it last said what it has.
        var answered = Moment(nanoseconds: 0)
        var bytes: UInt64 = 0
        /// How often it was lost since it last brought anything, and when it is asked again while others are there.
        var losses = 0
        var returnsAt = Moment(nanoseconds: 0)
        /// It said by itself that it has the file no more: what was wrong before may have been no lie.
        var saidGone = false
        /// What it was pardoned for since it came.
        var pardoned: FileRoot?
        /// Files of a tree that are being judged, of which it said the same after it had sent them.
        var withdrawn: Set<Int> = []

        init(address: PeerAddress, holding: Holding, state: State) {
            self.address = address
            self.holding = holding
            self.state = state
        }

        var isLiar: Bool { state == .liar }
    }

    /// Between two times that bytes which come are noted as headway.
    static let headwayPause = Span.milliseconds(50)

    let id: DownloadID
    var kind: DownloadEntry.Kind
    let name: ShareName
    let root: FileRoot
    /// Seconds since 1970, as its holders say.
    var modified: Int64
    var replacing: Bool
    var keepsBackup: Bool
    let sync: Bool
    /// It is put into the share with the syncs: it was begun so, or somebody who joined it wants them.
    var isDeliveredSynced: Bool
    let since: Moment
    var priority: Int
    /// When it was asked for, among all: versions are decided on in another order. A tree's own files have that of their
    /// tree, also after a restart; one that a client asked for by itself has its own.
    var turn: UInt64
    var phase = Phase.queued
    var plan: Plan
    /// While it is growing.
    var tree: Tree?
    /// Of a tree that has failed: its files that are not here. It goes on when the last of them is.
    var lacking: [ShareName: FileRoot] = [:]
    /// Of a tree that is looked at once more: files that it has fetched.
    var fetchedBefore = 0
    /// As it was when it was growing last; before, as its holders say.
    var lastKnown: Figures
    /// Of a tree: what came by its children's own downloads.
    var childBytes: [PeerAddress: UInt64] = [:]
    /// Bytes that have come, right or not, with those of its files.
    var received: UInt64 = 0
    /// When some that came were last noted as headway.
    var lastBytes = Moment(nanoseconds: 0)
    /// The trees that this is a file of, and that wait for it: more than one where directories lie in one another.
    var parents: Set<DownloadID> = []
    /// Which its tree's manifest gives it.
    var mode: FileMode?
    /// Known once it was checked against the root.
    var layer: [Digest]?
    var partial = Partial.none
    /// The request that it was begun for before that was decided.
    var provisional: RequestID?
    /// What stands at its name is not indexed. Its partial file is gone, and it may be this very file; or it is to be
    /// repaired, and may not be any more what that is for.
    var awaitsIndex = false
    /// What nobody has looked at since an earlier run left it, or since somebody else wrote to the partial file.
    var inherited: PieceSet?
    var commits: Commits
    /// Holders that were asked for digests and have not sent any since then.
    var layerSources: [ConnectionID: Moment] = [:]
    /// Who was told what we have, and is told when it becomes more.
    var followers: Set<ConnectionID> = []
    var news: News
    var holders: [PeerID: Holder] = [:]
    /// When a holder was last found to have sent wrong bytes.
    var lastLie = Moment(nanoseconds: 0)
    var requests: Set<RequestID> = []
    /// It was begun in the background, or has been stopped and listed: it does not go with those who wait for it.
    var isListed = false
    /// Peers that were asked again since the last search for holders, as their connections had been lost.
    var askedAgain: Set<PeerID> = []
    /// Peers that turned out to fetch it when a question was on its way to them: the answer may be older than that.
    var metSinceAsked: Set<PeerID> = []
    /// Peers that may have it when they have indexed their share, and when they are asked again.
    var indexing: Set<PeerID> = []
    var askAgain = Moment.distantFuture
    /// When it was first seen to have no holder, if it has none.
    var waitsSince: Moment?
    var nextSeek: Moment
    var seekPause: Span
    /// Connections to holders that are in use: kept beside `holders`, which may be as many as the roster.
    private(set) var lanes: [ConnectionID] = []
    /// Whose connections have been lanes: a piece may be checked when its connection is gone.
    private(set) var senders: [ConnectionID: PeerID] = [:]

    /// - Parameter stored: what its partial file should have.
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
        turn = record.turn
        since = now
        self.plan = plan
        inherited = stored.flatMap { $0.isEmpty ? nil : $0 }
        commits = Commits(durable: stored ?? PieceSet(pieceCount: layout.pieceCount), isSynced: record.sync)
        news = News(pieceCount: layout.pieceCount)
        nextSeek = now + policy.seekFirst
        seekPause = policy.seekFirst
        lastKnown = Figures(have: record.treeHave, length: record.treeLength)
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

    /// A holder has brought what was right.
    mutating func credit(_ peer: PeerID, bytes: UInt64) {
        holders[peer]?.bytes += bytes
        holders[peer]?.losses = 0
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
        return bytes.map { HolderBytes(address: $0.key, bytes: $0.value) }.sorted(byTextOf: \.address)
    }

    /// Where every holder known is.
    var holderAddresses: [PeerAddress] { holders.values.map(\.address).sorted(byTextOf: \.self) }

    /// What is kept of it beyond the daemon's life.
    var record: DownloadEntry {
        let state: DownloadEntry.State =
            switch phase {
            case .paused(.user): .paused
            case .failed(let failure): .failed(failure)
            case .queued, .gathering, .checking, .opening, .fetching, .draining, .proving, .finishing, .reading,
                .growing,
                .paused(.space):
                .running
            }
        return DownloadEntry(
            id: id, kind: kind, name: name, root: root, modified: modified, replacing: replacing,
            keepsBackup: keepsBackup,
            sync: sync, priority: priority, state: state, treeHave: figures.have, treeLength: figures.length,
            turn: turn)
    }
}
