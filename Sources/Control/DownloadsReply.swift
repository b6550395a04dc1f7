/// What a download does at the moment.
public enum DownloadState: String, CaseIterable, Codable, Sendable {
    /// The roster is being asked who has it.
    case asking
    case fetching
    /// No holder is left; it goes on when one returns.
    case waiting
    /// Every piece is here; it is being synced and renamed into the share.
    case finishing
}

/// The reply to `downloads`: every download of this peer.
public struct DownloadsReply: Codable, Equatable, Sendable {
    public let downloads: [Download]

    public init(downloads: [Download]) {
        self.downloads = downloads
    }

    /// One download.
    public struct Download: Codable, Equatable, Sendable {
        public let name: String
        /// 64 hexadecimal digits; nil until it is known.
        public let root: String?
        /// Bytes; nil until it is known.
        public let length: UInt64?
        /// Verified bytes.
        public let have: UInt64
        public let state: DownloadState
        /// Why it waits.
        public let cause: String?
        /// To the thousandth.
        public let bytesPerSecond: Double
        public let holders: [HolderBytes]

        public init(
            name: String, root: String?, length: UInt64?, have: UInt64, state: DownloadState, cause: String? = nil,
            bytesPerSecond: Double, holders: [HolderBytes]
        ) {
            self.name = name
            self.root = root
            self.length = length
            self.have = have
            self.state = state
            self.cause = cause
            self.bytesPerSecond = bytesPerSecond.toMilliseconds
            self.holders = holders
        }
    }
}
