/// The reply to `req` and `wait`: the file is in the share, or, in the background, the download is accepted.
public struct ReqDone: Codable, Equatable, Sendable {
    /// What the request has come to.
    public enum State: String, CaseIterable, Codable, Sendable {
        /// It is in the share; of a tree, all but the files that failed.
        case done
        /// In the background: it waits for its turn.
        case queued
        /// In the background: it has begun.
        case fetching
    }

    public var name: String
    public let state: State
    /// 64 hexadecimal digits; nil while nobody has been asked.
    public let root: String?
    /// Bytes, of a tree all files together; nil while nobody has been asked.
    public let length: UInt64?
    /// From the request to the reply, to the millisecond.
    public let seconds: Double
    /// Bytes that came in this time, right or not.
    public let received: UInt64
    /// It was here before; nothing was fetched.
    public let already: Bool
    /// The name that the replaced file is kept under.
    public let backup: String?
    public let holders: [HolderBytes]
    /// Of a tree only.
    public let files: TreeCounts?
    /// In the background: why it is not recorded, so that a restart would forget it; nil if it is.
    public var stateError: String?

    public init(
        name: String, state: State = .done, root: String?, length: UInt64?, seconds: Double,
        received: UInt64 = 0, already: Bool,
        backup: String? = nil, holders: [HolderBytes], files: TreeCounts? = nil
    ) {
        self.name = name
        self.state = state
        self.root = root
        self.length = length
        self.seconds = seconds.toMilliseconds
        self.received = received
        self.already = already
        self.backup = backup
        self.holders = holders
        self.files = files
    }
}

/// What became of a directory's files.
public struct TreeCounts: Codable, Equatable, Sendable {
    /// Failures that are named, so that a reply stays a line.
    public static let maxFailed = 1000

    /// Files in the directory's manifest.
    public let total: Int
    public let fetched: Int
    /// Were here before.
    public let already: Int
    /// Files that failed: with `fetched` and `already`, all of `total`.
    public let failedFiles: Int
    /// Directories that could not be made.
    public let failedDirectories: Int
    /// Files that were replaced, and are kept under other names.
    public let backups: Int
    /// At most `maxFailed`, files and directories.
    public let failed: [Failed]
    /// More failed than are named.
    public let more: Bool

    /// - Parameters:
    ///   - failed: those beyond `maxFailed` are left out.
    ///   - failedFiles: nil for as many as are in `failed`.
    public init(
        total: Int, fetched: Int, already: Int, failed: [Failed], failedFiles: Int? = nil, failedDirectories: Int = 0,
        backups: Int = 0
    ) {
        self.total = total
        self.fetched = fetched
        self.already = already
        self.failed = Array(failed.prefix(TreeCounts.maxFailed))
        self.failedFiles = failedFiles ?? failed.count
        self.failedDirectories = failedDirectories
        self.backups = backups
        more = self.failedFiles + failedDirectories > TreeCounts.maxFailed
    }

    /// A file that is not in the share.
    public struct Failed: Codable, Equatable, Sendable {
        /// From the share's top.
        public let name: String
        public let cause: ControlFailure.Cause
        public let message: String

        public init(name: String, cause: ControlFailure.Cause, message: String) {
            self.name = name
            self.cause = cause
            self.message = message
        }
    }
}

extension ReqDone {
    /// What `p2pctl` exits with: of a tree, the code of the first file that failed.
    public var exit: ExitCode { files?.failed.first?.cause.exit ?? .done }
}
