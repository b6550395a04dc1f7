/// What a download does at the moment.
public enum DownloadState: String, CaseIterable, Codable, Sendable {
    /// Others come first.
    case queued
    /// The roster is being asked who has it.
    case asking
    case fetching
    /// No holder is left; it goes on when one returns.
    case waiting
    /// By a client, or because the disk has no room; then it goes on when there is.
    case paused
    /// What an earlier run of the daemon left is being hashed.
    case checking
    /// Every piece is here; it is being synced and renamed into the share.
    case finishing
    /// It was cancelled, and what came is kept; `req` or `resume` goes on with it, `cancel` deletes it.
    case kept
    /// It goes no further; `req` begins again with what came, `cancel` forgets it.
    case failed
    /// It is in the share, and listed only because its hook failed; `cancel` forgets that.
    case done
}

/// The reply to `downloads`: every download of this peer.
public struct DownloadsReply: Codable, Equatable, Sendable {
    public let downloads: [Download]

    public init(downloads: [Download]) {
        self.downloads = downloads
    }

    /// What is fetched under a name.
    public enum Kind: String, CaseIterable, Codable, Sendable {
        case file, tree
        /// The bad pieces of a file that rotted in the share.
        case repair
    }

    /// One download.
    public struct Download: Codable, Equatable, Sendable {
        /// Counts up; nil for one that is listed only because its hook failed.
        public let id: UInt64?
        public let kind: Kind
        public let name: String
        /// 64 hexadecimal digits; nil until it is known.
        public let root: String?
        /// Bytes; nil until it is known.
        public let length: UInt64?
        /// Verified bytes.
        public let have: UInt64
        public let state: DownloadState
        /// Why it waits, is paused or has failed, in words.
        public let cause: String?
        /// Bytes that the disk lacks, when that is the cause.
        public let needs: UInt64?
        /// To the thousandth.
        public let bytesPerSecond: Double
        /// -100 to 100, higher first.
        public let priority: Int
        public let holders: [HolderBytes]
        /// What the last hook that failed had to say.
        public let hook: String?

        public init(
            id: UInt64?, kind: Kind = .file, name: String, root: String?, length: UInt64?, have: UInt64,
            state: DownloadState, cause: String? = nil, needs: UInt64? = nil, bytesPerSecond: Double,
            priority: Int = 0, holders: [HolderBytes], hook: String? = nil
        ) {
            self.id = id
            self.kind = kind
            self.name = name
            self.root = root
            self.length = length
            self.have = have
            self.state = state
            self.cause = cause
            self.needs = needs
            self.bytesPerSecond = bytesPerSecond.toMilliseconds
            self.priority = priority
            self.holders = holders
            self.hook = hook
        }
    }
}
