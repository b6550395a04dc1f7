import Content

/// How the peer stands with its manager.
public enum ManagerActivity: Sendable {
    case joined
    case connecting
    /// Pausing before it tries again.
    case waiting
}

/// What a download does at the moment.
public enum DownloadActivity: Hashable, Sendable {
    /// Others are before it.
    case queued
    case fetching
    /// No holder is left.
    case waiting
    case paused(PauseCause)
    /// What an earlier run left, or somebody else wrote to, is looked at again.
    case checking
    /// Being synced and renamed.
    case finishing
    case failed(FetchFailure)
}

/// A download as it stands.
public struct DownloadStatus: Sendable {
    public let id: DownloadID
    public let kind: DownloadEntry.Kind
    public let name: ShareName
    public let root: FileRoot
    /// Bytes; of a directory, of all its files, and 0 before its manifest is here.
    public let length: UInt64
    public let since: Moment
    /// Bytes verified and written.
    public let have: UInt64
    /// Bytes that have come in this run of the daemon, of a directory those of all its files; also what turned out wrong.
    public let received: UInt64
    public let state: DownloadActivity
    public let priority: Int
    /// Bytes from the beginning without a gap, of which each was verified in this run of the daemon.
    public let prefix: UInt64
    /// Holders that send now.
    public let activeHolders: Int
}

/// What the peer keeps of others and of clients: all of it comes and goes.
public struct PeerLoad: Hashable, Sendable {
    public var sessions = 0
    public var contacts = 0
    public var dials = 0
    public var questions = 0
    public var requests = 0
    public var downloads = 0

    public init() {}
}

/// What the peer can tell about itself, for people and programs that ask.
extension PeerMachine {
    public var managerState: ManagerActivity {
        switch link.state {
        case .waiting, .ended: .waiting
        case .dialing, .greeting, .introducing: .connecting
        case .joined: .joined
        }
    }

    /// Which of the configured managers is in use or tried now.
    public var managerIndex: Int { link.index }
    public var managerError: String? { link.lastError }
    public var currentRoster: Roster { roster }
    public var offered: Catalog { catalog }

    /// Directories that somebody asked for and that cannot be offered as a whole, with why, in the order of their names.
    public var unfitTrees: [(name: ShareName, reason: String)] { shelf.unfit }
    public var sessionCount: Int { sessions.count }

    public var load: PeerLoad {
        var load = PeerLoad()
        load.sessions = sessions.count
        load.contacts = contacts.count + postponedContacts.count
        load.dials = dialing.count
        load.questions = questions.count
        load.requests = requests.count
        load.downloads = downloads.count
        return load
    }

    /// Pieces of downloads that are in no place, or in more than one: none, ever.
    public var misplacedPieces: Int { downloads.values.reduce(0) { $0 + $1.plan.misplaced.count } }

    /// Manifests whose files must stay.
    public var neededManifests: Set<Digest> {
        shelf.digests.union(downloads.values.lazy.filter { $0.kind == .tree }.map(\.root.digest))
    }

    /// Nothing is being fetched.
    public var isQuiet: Bool { !downloads.keys.contains { downloads[$0]?.isRunning == true } }

    public var currentBans: [Ban] { bans.all }

    /// In the order of the queue.
    public var downloadStatuses: [DownloadStatus] {
        decided.sorted {
            (-$0.priority, $0.turn, $0.id.rawValue) < (-$1.priority, $1.turn, $1.id.rawValue)
        }.map { status($0) }
    }

    /// The download that a request waits for.
    public func downloadStatus(of request: RequestID) -> DownloadStatus? {
        guard case .fetching(let id) = requests[request]?.state else { return nil }
        return downloads[id].map { status($0) }
    }

    /// Whose bytes a download has, in the order of their addresses.
    public func holders(of id: DownloadID) -> [HolderBytes] { downloads[id]?.holderBytes ?? [] }

    /// Bytes of a download, of a directory those of all its files: as its holders say, until its list is here.
    public func length(of id: DownloadID) -> UInt64? { downloads[id]?.length }

    /// The trees that a download is a file of, and that wait for it.
    public func trees(of id: DownloadID) -> [DownloadID] { downloads[id]?.parents.map { $0 } ?? [] }

    /// The pieces of a download that are durable and recorded.
    public func recordedPieces(of id: DownloadID) -> PieceSet? { downloads[id]?.commits.durable }

    /// What is to be kept of a download beyond the daemon's life.
    public func entry(of id: DownloadID) -> DownloadEntry? { downloads[id]?.record }

    /// Bytes that are here of a download; of a directory, also what has come of files that are downloads of their own.
    func shownHave(_ download: Download) -> UInt64 {
        let children = download.tree?.children.keys.compactMap { downloads[$0] }
        let members = children ?? (download.kind == .tree ? downloads.values.filter { $0.isMember(of: download) } : [])
        return min(download.length, members.reduce(download.have) { $0 + $1.have })
    }

    /// What the tree waits for whose file a download is that was stopped with it.
    func fullTree(of member: Download) -> PauseCause? {
        for tree in downloads.values where tree.kind == .tree {
            if case .paused(let cause) = tree.phase, cause != .user, member.isMember(of: tree) { return cause }
        }
        return nil
    }

    private func status(_ download: Download) -> DownloadStatus {
        let state: DownloadActivity =
            switch download.phase {
            case .queued: .queued
            case .growing: download.isWaiting ? .waiting : .fetching
            case .gathering, .checking, .opening, .fetching: download.isFed ? .fetching : .waiting
            case .reading: .fetching
            case .draining, .proving: .checking
            case .finishing: .finishing
            case .paused(.user): .paused(fullTree(of: download) ?? .user)
            case .paused(let cause): .paused(cause)
            case .failed(let failure): .failed(failure)
            }
        return DownloadStatus(
            id: download.id, kind: download.kind, name: download.name, root: download.root, length: download.length,
            since: download.since, have: shownHave(download),
            received: download.received, state: state,
            priority: download.priority, prefix: download.prefix, activeHolders: download.lanes.count)
    }
}
