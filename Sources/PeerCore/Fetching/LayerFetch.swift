import Content

/// The row of piece digests on its way from one holder, page by page and in order.
struct LayerFetch {
    let source: ConnectionID
    let pieceCount: Int
    let pageSize: Int
    private(set) var digests: [Digest] = []
    /// How long the holder may be silent before another is asked: longer each time, since all may be slow.
    let patience: Span
    /// When it was begun, or the last page came.
    var heard: Moment
    /// Digests asked for.
    private var asked = 0

    init(source: ConnectionID, pieceCount: Int, pageSize: Int, patience: Span, now: Moment) {
        heard = now
        self.patience = patience
        self.source = source
        self.pieceCount = pieceCount
        self.pageSize = pageSize
    }

    var isComplete: Bool { digests.count == pieceCount }

    /// - Returns: the next page to ask for, or nil when `pagesAhead` are on their way or all are asked for.
    mutating func nextPage(pagesAhead: Int) -> Range<Int>? {
        guard asked < pieceCount, asked - digests.count < pagesAhead * pageSize else { return nil }
        let page = asked..<min(pieceCount, asked + pageSize)
        asked = page.upperBound
        return page
    }

    /// - Returns: false for digests that are not the next page asked for, whole.
    mutating func append(_ more: [Digest], first: Int) -> Bool {
        guard first == digests.count, first < asked, more.count == min(pageSize, pieceCount - first) else {
            return false
        }
        digests += more
        return true
    }
}
