/// The caps of what touches the disk. Sizes are bytes.
public enum StorageLimits {
    /// Hashed in one step of indexing, so that a worker is back soon for what is urgent.
    public static let indexStep = 16 << 20
    /// Files hashed in one step of indexing, for the same reason: opening one costs, however small it is.
    public static let indexStepFiles = 256
    /// Entries of directories looked at in one step of a scan, and what opening a directory counts for.
    static let scanStep = 1024
    static let scanDirectoryCost = 8
    /// Names looked at in one job.
    public static let looksPerJob = 512
    /// Watches remembered of which no scan has told yet; beyond that everything is looked at.
    static let earlyWatchesMax = 4096
    /// Kept versions of one name: more are looked through one by one, and nobody wants them.
    static let backupsMax = 9_999
    /// Names tried for one partial file: more than one only where something else stands in the way.
    static let partialNamesMax: UInt64 = 16
    /// Nanoseconds after which a write is no part of a repair that died: one piece takes less. The kernel's clock for files
    /// may be a little behind.
    static let mendingSpan: ClosedRange<Int64> = -1_000_000_000...60_000_000_000
    /// Seconds to wait for another program that looks into the database.
    static let databaseBusySeconds = 5.0
    /// The database's log is cut to this after it has grown beyond it in one large transaction.
    static let databaseLogBytesMax = 16 << 20
    /// What a directory's manifest leaves out is told by name up to so many; more say no more.
    static let refusalsTold = 8
    /// Manifests kept, and their bytes: room for one of the largest, and for those of many directories.
    static let manifestsMax = 1024
    static let manifestBytesMax: UInt64 = 512 << 20
    /// Bytes of those that are kept in memory while the disk is full: room for some 300,000 files.
    static let unstoredManifestBytesMax: UInt64 = 32 << 20
    /// Entries of a manifest looked at in one step of a survey, so that a worker is back soon for what is urgent.
    static let surveyStep = 1024
}
