/// The reply to `status`: the daemon at a glance.
public struct StatusReply: Codable, Equatable, Sendable {
    /// The daemon's.
    public let version: String
    /// The peer's id, 32 hexadecimal digits.
    public let id: String
    /// The shared directory's path.
    public let share: String
    /// `address:port` that other peers connect to.
    public let listen: String
    /// To the millisecond.
    public let uptimeSeconds: Double
    public let manager: ManagerLink
    /// Of the roster.
    public let epoch: UInt64
    /// On the roster.
    public let peers: Int
    /// Indexed and offered.
    public let files: Int
    /// Open connections to peers.
    public let connections: Int
    /// File data received and sent since the daemon started, in bytes.
    public let bytesIn: UInt64
    public let bytesOut: UInt64
    public let limits: LimitReply
    public let downloads: DownloadCounts
    /// Peers that are refused.
    public let bans: Int
    public let indexing: IndexingProgress
    /// What the state directory's database does not take, and why; nil when all is well.
    public let stateError: String?
    public let ticks: TickReport

    public init(
        version: String, id: String, share: String, listen: String, uptimeSeconds: Double, manager: ManagerLink,
        epoch: UInt64, peers: Int, files: Int, connections: Int, bytesIn: UInt64, bytesOut: UInt64,
        limits: LimitReply, downloads: DownloadCounts, bans: Int, indexing: IndexingProgress, stateError: String? = nil,
        ticks: TickReport
    ) {
        self.version = version
        self.id = id
        self.share = share
        self.listen = listen
        self.uptimeSeconds = uptimeSeconds.toMilliseconds
        self.manager = manager
        self.epoch = epoch
        self.peers = peers
        self.files = files
        self.connections = connections
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.limits = limits
        self.downloads = downloads
        self.bans = bans
        self.indexing = indexing
        self.stateError = stateError
        self.ticks = ticks
    }
}

/// How long the event loop took for what came at once: upper bounds in microseconds, exact to a power of two.
public struct TickReport: Codable, Equatable, Sendable {
    /// Half of all ticks were shorter.
    public let p50: UInt64
    /// All but one in a hundred were shorter.
    public let p99: UInt64

    public init(p50: UInt64, p99: UInt64) {
        self.p50 = p50
        self.p99 = p99
    }
}

/// How the peer stands with its manager.
public struct ManagerLink: Codable, Equatable, Sendable {
    /// `waiting` is the pause between two attempts.
    public enum State: String, CaseIterable, Codable, Sendable {
        case joined, connecting, waiting
    }

    /// `address:port`.
    public let address: String
    public let state: State
    /// Why the last attempt failed, or the link broke; nil while joined.
    public let error: String?

    public init(address: String, state: State, error: String? = nil) {
        self.address = address
        self.state = state
        self.error = error
    }
}

/// Downloads by what they do.
public struct DownloadCounts: Codable, Equatable, Sendable {
    /// For their turn.
    public let queued: Int
    /// Asking, checking, fetching or finishing.
    public let running: Int
    /// For a holder to come back.
    public let waiting: Int
    /// By a client, or for want of room; cancelled ones of which something is kept are here too.
    public let paused: Int
    public let failed: Int

    /// - Parameter states: of all downloads.
    public init(_ states: some Sequence<DownloadState>) {
        var counts: [DownloadState: Int] = [:]
        for state in states { counts[state, default: 0] += 1 }
        queued = counts[.queued, default: 0]
        running = [DownloadState.asking, .checking, .fetching, .finishing].reduce(0) { $0 + counts[$1, default: 0] }
        waiting = counts[.waiting, default: 0]
        paused = counts[.paused, default: 0] + counts[.kept, default: 0]
        failed = counts[.failed, default: 0]
    }
}

/// How far the share is indexed.
public struct IndexingProgress: Codable, Equatable, Sendable {
    /// `scanning` while the totals still grow.
    public enum State: String, CaseIterable, Codable, Sendable {
        case scanning, hashing, ready
    }

    public let state: State
    public let filesDone: Int
    public let filesTotal: Int
    public let bytesDone: UInt64
    public let bytesTotal: UInt64
    /// Read and hashed since the daemon started; what was known from before is not.
    public let bytesHashed: UInt64
    /// Files that are not offered: they could not be read, have rotted or have no proper name.
    public let errors: Int

    public init(
        state: State, filesDone: Int, filesTotal: Int, bytesDone: UInt64, bytesTotal: UInt64, bytesHashed: UInt64,
        errors: Int
    ) {
        self.state = state
        self.filesDone = filesDone
        self.filesTotal = filesTotal
        self.bytesDone = bytesDone
        self.bytesTotal = bytesTotal
        self.bytesHashed = bytesHashed
        self.errors = errors
    }
}
