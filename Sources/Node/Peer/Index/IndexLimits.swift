import Content

/// The caps and times of indexing.
enum IndexLimits {
    /// A file that nothing happened to for so long is taken to be finished.
    static let quiet = Span.milliseconds(300)
    /// Each time a file is written to while it is hashed it has to be quiet twice as long, up to this.
    static let quietMax = Span.seconds(60)
    /// After so many times it is said that it keeps changing.
    static let interruptionsMax = 3
    /// Until it is looked whether a file is still open for writing, if nothing tells that it was closed.
    static let writerPause = Span.seconds(5)
    /// How long the index waits at its start for files that are still being written, before it is said to be ready.
    static let firstPassPatience = Span.seconds(5)

    /// Jobs that hash at one time: one for every worker.
    static let batchesAtOnce = 4
    /// Jobs that look at files at one time.
    static let looksAtOnce = 2
    /// Files of a directory that went are withdrawn so many at a time.
    static let withdrawnAtOnce = 2048

    /// Between two scans of the whole share when directories cannot be watched.
    static let pollInterval = Span.seconds(30)
    /// Between two scans of the whole share because events were lost: so many times what the last one took, and at least
    /// this.
    static let rescanPauseMin = Span.seconds(2)
    static let rescanPauseFactor: UInt64 = 4

    /// Until a file that could not be read is tried again: a disk, a network or a mount may have come to itself, which
    /// nothing tells of.
    static let retryPause = Span.seconds(30)

    /// How long the content of files that went is remembered, so that they are known when they turn up under another
    /// name.
    static let departedSpan = Span.seconds(3)

    /// Files that cannot be shared, and names that cannot be, each listed with its cause; more are only counted.
    static let errorsListedMax = 1000

    /// Changes of the index are written to the database when there are so many, or when the first is so old.
    static let rowsPerTransaction = 1000
    static let rowsDelay = Span.milliseconds(500)
    /// And so long after the database has taken none.
    static let rowsRetry = Span.seconds(5)
}
