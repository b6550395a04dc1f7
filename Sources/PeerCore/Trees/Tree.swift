import Content

/// The fetching of a directory, once its manifest is here: part of the download whose root is the manifest's.
///
/// Files of one piece are fetched by the tree itself, many at a time (`TreePlan`), and get their names many at a time
/// (`TreeStage`). Larger ones, and those that no holder of the tree has any more, are downloads of their own, its
/// children, a few at a time.
struct Tree {
    let manifest: Manifest
    /// What is in the share was looked at.
    var isSurveyed = false
    var plan: TreePlan
    var stage = TreeStage()
    /// Files of no bytes that have no name yet.
    var emptyCount = 0
    /// Files that are to become children.
    var waiting: [Int] = []
    /// Files that no holder of the tree has any more: each is looked for by its root, as a child.
    private var lost: [Int] = []
    /// Children in a row that nobody had.
    private var missed = 0
    /// After so many it is taken that nobody has the other lost files either: the directory is gone.
    static let missedMax = 8
    /// Children that run, with the file each is of.
    var children: [DownloadID: Int] = [:]
    /// Who sent something else for a file.
    var liars: [Int: Set<PeerID>] = [:]
    /// A file is here that others than the tree have fetched, who may not have known its mode: to be looked at.
    private(set) var isUnsureOfModes = false
    /// Names below it that have come into the share since it is looked at, by others than itself.
    private var others: Set<ShareName> = []
    /// Bytes of the manifest's files that are in the share.
    var have: UInt64 = 0
    private(set) var block = DiskBlock(size: 1)
    /// Bytes of the disk that will be taken by what is not written yet, with what its children have taken for themselves.
    private(set) var missingRoom: UInt64 = 0
    var already = 0
    var fetched = 0
    /// Files that were replaced and are kept under other names.
    var backups = 0
    private(set) var failed: [TreeFailure] = []
    /// Files among those, by name.
    private var failedRoots: [ShareName: FileRoot] = [:]
    private(set) var failedFiles = 0
    private(set) var failedDirectories = 0
    private var madeDirectories = 0

    /// - Parameter id: this peer's.
    init(_ manifest: Manifest, id: PeerID, now: Moment) {
        self.manifest = manifest
        plan = TreePlan(manifest, id: id, files: [], now: now)
    }

    /// Every file has come to an end, well or not.
    var isDone: Bool {
        isSurveyed && plan.isDone && stage.isEmpty && emptyCount == 0 && waiting.isEmpty && lost.isEmpty
            && children.isEmpty
    }

    /// Nothing more will be staged.
    var isLast: Bool { plan.isDrained }

    /// - Parameter fetchedBefore: files that it had fetched when it was surveyed before, and that are here now.
    mutating func surveyed(_ found: TreeFound, fetchedBefore: Int, now: Moment) {
        isSurveyed = true
        fetched = min(found.present, fetchedBefore)
        already = found.present - fetched
        have = found.presentBytes
        madeDirectories = found.madeDirectories
        block = found.block
        for obstacle in found.obstacles { fail(Int(obstacle.index), obstacle.failure) }
        var small: [Int32] = []
        for file in found.missing {
            let length = manifest.length(at: Int(file)) ?? 0
            missingRoom += block.taken(by: length)
            switch PieceLayout(length: length)?.pieceCount {
            case 0?:
                emptyCount += 1
                stage.add(Int(file), bytes: 0, now: now)
            case 1?: small.append(file)
            case .some, nil: waiting.append(Int(file))
            }
        }
        waiting.reverse()
        plan = TreePlan(manifest, id: plan.crowd.id, files: small, now: now)
    }

    mutating func arrived(_ name: ShareName) {
        if name.isBelow(manifest.name) { others.insert(name) }
    }

    /// Whether a file has come that was not there when it was looked for. What the survey missed is not believed to be
    /// there because somebody has known it to be.
    func hasCome(_ name: ShareName) -> Bool { others.contains(name) }

    /// A file that was missing is in the share, without a download of this tree.
    mutating func found(_ file: Int) {
        isUnsureOfModes = true
        already += 1
        arrived(file)
    }

    /// A download that was about to end is a child from now on.
    mutating func adoptedLate() { isUnsureOfModes = true }

    /// A child has come to its end.
    mutating func childFinished(_ file: Int) {
        fetched += 1
        arrived(file)
    }

    private mutating func arrived(_ file: Int) {
        let length = manifest.length(at: file) ?? 0
        have += length
        missingRoom -= min(missingRoom, block.taken(by: length))
    }

    /// A small file is on the disk, and waits for its name.
    mutating func wrote(_ file: Int, now: Moment) {
        let length = manifest.length(at: file) ?? 0
        stage.add(file, bytes: length, now: now)
        missingRoom -= min(missingRoom, block.taken(by: length))
    }

    /// - Returns: a file that is to become a child now.
    mutating func nextChild(childrenMax: Int) -> Int? {
        children.count < childrenMax ? waiting.popLast() ?? nextLost() : nil
    }

    /// From all over the tree: neighbours are likely to be gone together.
    private mutating func nextLost() -> Int? {
        guard !lost.isEmpty else { return nil }
        lost.swapAt(missed * lost.count / Tree.missedMax % lost.count, lost.count - 1)
        return lost.popLast()
    }

    mutating func lose(_ files: [Int]) { lost += files }

    /// So many children were looked for in vain, one after the other, that no other file is looked for any more.
    var isHopeless: Bool { missed >= Tree.missedMax }

    /// - Parameter isMissed: nobody has it.
    mutating func ended(isMissed: Bool) { missed = isMissed ? missed + 1 : 0 }

    /// - Returns: lost files that are given up together.
    mutating func takeHopeless() -> [Int] {
        guard isHopeless else { return [] }
        defer { lost = [] }
        return lost
    }

    /// - Parameter entry: a file, or a directory that could not be made.
    mutating func fail(_ entry: Int, _ failure: FetchFailure) {
        switch manifest.kind(at: entry) {
        case .file: failedFiles += 1
        case .directory: failedDirectories += 1
        }
        guard failed.count < TreeResult.failedMax else { return }
        failedRoots[manifest.name(at: entry)] = manifest.root(at: entry)
        failed.append(TreeFailure(name: manifest.name(at: entry), failure: failure))
    }

    /// Bytes of files that are in the share, or will be though nothing more is fetched.
    var haveSoon: UInt64 {
        (stage.underWay + stage.leftOver).reduce(have) { $0 + (manifest.length(at: $1) ?? 0) }
    }

    /// The files without which it has failed; none if others bring only a part of what is missing.
    var lacking: [ShareName: FileRoot] {
        failedDirectories == 0 && failedRoots.count == failedFiles ? failedRoots : [:]
    }

    var result: TreeResult {
        TreeResult(
            length: manifest.length, total: manifest.fileCount, fetched: fetched, already: already, failed: failed,
            failedFiles: failedFiles, failedDirectories: failedDirectories,
            madeDirectories: madeDirectories, backups: backups)
    }
}
