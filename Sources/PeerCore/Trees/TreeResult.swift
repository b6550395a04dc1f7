import Content

/// What became of a directory's files.
public struct TreeResult: Hashable, Sendable {
    /// Failures that are kept by name.
    public static let failedMax = 1000

    /// Bytes of all files.
    public let length: UInt64
    /// Files in the manifest.
    public let total: Int
    public let fetched: Int
    /// Were here before.
    public private(set) var already: Int
    /// At most `failedMax`, in no particular order; directories that could not be made are among them.
    public private(set) var failed: [TreeFailure]
    /// Files that failed: with those fetched and those here before, as many as there are in all.
    public private(set) var failedFiles: Int
    /// Directories that could not be made.
    public let failedDirectories: Int
    /// Directories that were not here before.
    public internal(set) var madeDirectories = 0
    /// Files that were replaced and are kept under other names.
    public internal(set) var backups = 0

    /// A file that had failed has come by other ways.
    mutating func found(_ name: ShareName) {
        guard let position = failed.firstIndex(where: { $0.name == name }) else { return }
        failed.remove(at: position)
        failedFiles -= 1
        already += 1
    }

    /// All of it is here.
    public var isWhole: Bool { failedFiles == 0 && failedDirectories == 0 }

    /// All of it was here before.
    public var isNothingNew: Bool { isWhole && already == total && madeDirectories == 0 }
}

/// An entry of a directory that is not in the share.
public struct TreeFailure: Hashable, Sendable {
    public let name: ShareName
    public let failure: FetchFailure
}

/// What of a tree is in the share.
public struct TreeFound: Sendable {
    /// Files to fetch, as indices in the manifest.
    public let missing: [Int32]
    /// Files that are there as they should be, and their bytes.
    public let present: Int
    public let presentBytes: UInt64
    /// Entries that cannot be had as things are.
    public let obstacles: [Obstacle]
    /// Directories that were missing and were made.
    public let madeDirectories: Int
    /// In what its disk counts the room for them.
    public let block: DiskBlock

    public struct Obstacle: Sendable {
        /// In the manifest.
        public let index: Int32
        public let failure: FetchFailure

        public init(index: Int32, failure: FetchFailure) {
            self.index = index
            self.failure = failure
        }
    }

    public init(
        missing: [Int32], present: Int, presentBytes: UInt64, obstacles: [Obstacle], madeDirectories: Int = 0,
        block: DiskBlock
    ) {
        self.missing = missing
        self.present = present
        self.presentBytes = presentBytes
        self.obstacles = obstacles
        self.madeDirectories = madeDirectories
        self.block = block
    }
}

/// What reading a manifest came to.
public enum ManifestReading: Sendable {
    case read(Manifest)
    /// It has to be fetched.
    case missing
    /// Its bytes lead to the root and are no manifest, for this reason.
    case refused(String)
    case failed(DiskFailure)
}

/// What became of a small file that was received whole.
public struct StagedFile: Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Verified and written.
        case stored
        /// Verified, and not written: another holder's copy is there and has no name yet.
        case superfluous
        /// It is another file; nothing was written.
        case wrong
        case failed(DiskFailure)
    }

    /// In the manifest.
    public let index: Int
    /// Who sent it.
    public let connection: ConnectionID
    public let outcome: Outcome

    public init(index: Int, connection: ConnectionID, outcome: Outcome) {
        self.index = index
        self.connection = connection
        self.outcome = outcome
    }
}

/// What became of a staged file that was to get its name.
public struct PublishedFile: Sendable {
    /// In the manifest.
    public let index: Int
    public let delivery: Delivery

    public init(index: Int, delivery: Delivery) {
        self.index = index
        self.delivery = delivery
    }
}
