import Content

/// Files of a tree that are written and wait for their names: given many at a time, since making one durable costs about
/// the same as making many so.
struct TreeStage {
    /// Files and bytes that wait at most, and how long the first of them does, when they are made durable first.
    private static let filesMax = 4096
    private static let bytesMax: UInt64 = 64 << 20
    private static let age = Span.seconds(1)
    /// The same while others wait for them.
    private static let eagerAge = Span.milliseconds(250)
    /// The same when they are not: then only the worker's time is saved.
    private static let hastyFilesMax = 128

    private var waiting: [Int] = []
    private var bytes: UInt64 = 0
    private var oldest: Moment?
    private(set) var underWay: [Int] = []

    mutating func add(_ file: Int, bytes: UInt64, now: Moment) {
        if waiting.isEmpty { oldest = now }
        waiting.append(file)
        self.bytes += bytes
    }

    /// - Parameters:
    ///   - isEager: others want them.
    ///   - isLast: nothing more will come.
    /// - Returns: files to be given their names now.
    mutating func begin(sync: Bool, isEager: Bool = false, isLast: Bool, now: Moment) -> [Int]? {
        guard underWay.isEmpty, !waiting.isEmpty, let oldest else { return nil }
        let isFull =
            waiting.count >= (sync ? TreeStage.filesMax : TreeStage.hastyFilesMax) || bytes >= TreeStage.bytesMax
        let age = isEager ? TreeStage.eagerAge : TreeStage.age
        guard isLast || isFull || oldest + age <= now else { return nil }
        underWay = Array(waiting.prefix(TreeStage.filesMax))
        waiting.removeFirst(underWay.count)
        bytes = waiting.isEmpty ? 0 : bytes
        self.oldest = waiting.isEmpty ? nil : now
        return underWay
    }

    mutating func end() { underWay = [] }

    /// What waits is not waited for any more.
    mutating func takeLeftOver() -> [Int] {
        defer { (waiting, bytes, oldest) = ([], 0, nil) }
        return waiting
    }

    /// Written, and not about to get their names.
    var leftOver: [Int] { waiting }

    /// Nothing is written that has no name.
    var isEmpty: Bool { underWay.isEmpty && waiting.isEmpty }
}
