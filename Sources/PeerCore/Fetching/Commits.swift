import Content

/// Which written pieces are durable and recorded, and so may be offered: a crash loses what is not. What is fetched without
/// syncs may be offered as soon as it is written.
///
/// Written pieces are gathered and made durable together, since a sync costs about the same for one as for many.
struct Commits {
    /// Bytes that wait at most before they are made durable, and how long the first of them waits.
    private static let bytesMax: UInt64 = 64 << 20
    private static let age = Span.seconds(1)
    /// Between two commits that others wait for: one for every piece of a fast download would cost both more than it
    /// brings.
    private static let eagerPause = Span.milliseconds(25)

    private(set) var durable: PieceSet
    /// What others may have.
    private(set) var offered: PieceSet
    private let isSynced: Bool
    private var written: PieceSet
    private var underWay: PieceSet?
    private var oldest: Moment?
    /// What others wait for is not made durable before.
    private var nextEager = Moment(nanoseconds: 0)

    init(durable: PieceSet, isSynced: Bool = true) {
        self.durable = durable
        self.isSynced = isSynced
        offered = durable
        written = PieceSet(pieceCount: durable.pieceCount)
    }

    /// Pieces are durable that nobody knew of.
    mutating func found(_ pieces: PieceSet) {
        durable.formUnion(pieces)
        offered.formUnion(pieces)
    }

    var isIdle: Bool { underWay == nil }

    /// - Returns: whether others may have it at once.
    @discardableResult
    mutating func wrote(_ piece: Int, now: Moment) -> Bool {
        if written.isEmpty { oldest = now }
        written.insert(piece)
        if !isSynced { offered.insert(piece) }
        return !isSynced
    }

    /// When what is written is to be made durable, unless there is much of it before; nil if nothing is, or if a commit is
    /// under way.
    /// - Parameter isEager: others wait for these pieces.
    func due(isEager: Bool) -> Moment? {
        guard underWay == nil, !written.isEmpty, let oldest else { return nil }
        return isEager ? max(oldest, nextEager) : oldest + Commits.age
    }

    /// - Returns: all pieces that will be durable when this is done, or nil if it is not yet time.
    mutating func begin(_ layout: PieceLayout, isEager: Bool, now: Moment) -> PieceSet? {
        guard let due = due(isEager: isEager), due <= now || layout.bytes(of: written) >= Commits.bytesMax else {
            return nil
        }
        nextEager = now + Commits.eagerPause
        underWay = written
        written = PieceSet(pieceCount: durable.pieceCount)
        oldest = nil
        var all = durable
        if let underWay { all.formUnion(underWay) }
        return all
    }

    /// All pieces that are written, for a commit that is the last; nil if the one under way leaves none out.
    var last: PieceSet? {
        guard !written.isEmpty else { return nil }
        var all = durable
        all.formUnion(written)
        if let underWay { all.formUnion(underWay) }
        return all
    }

    /// - Returns: the pieces that have become durable, and that others may have.
    mutating func end() -> PieceSet {
        let gained = underWay ?? PieceSet(pieceCount: durable.pieceCount)
        durable.formUnion(gained)
        offered.formUnion(gained)
        underWay = nil
        return gained
    }

    /// The disk did not take them: they are not on it, whatever it says later. That holds for all that was written since
    /// the last good sync, also if it was to be in the next commit.
    /// - Returns: the pieces that are lost.
    mutating func fail() -> PieceSet {
        var lost = written
        if let underWay { lost.formUnion(underWay) }
        underWay = nil
        written = PieceSet(pieceCount: durable.pieceCount)
        oldest = nil
        offered.subtract(lost)
        return lost
    }

    /// Pieces turned out to be wrong on the disk.
    mutating func spoiled(_ pieces: PieceSet) {
        durable.subtract(pieces)
        written.subtract(pieces)
        offered.subtract(pieces)
    }
}
