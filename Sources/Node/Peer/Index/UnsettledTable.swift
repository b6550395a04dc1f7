import Content

/// The unsettled files by name, and what they come to in all.
struct UnsettledTable {
    private var entries: [ShareName: Unsettled] = [:]
    /// Bytes that are waiting to be hashed.
    private(set) var bytes: UInt64 = 0
    private(set) var failureCount = 0
    /// Files that were there when the daemon started, and have not come to an end: for those that somebody has open for
    /// writing there is none in sight.
    private(set) var firstCount = 0

    var count: Int { entries.count }

    subscript(name: ShareName) -> Unsettled? { entries[name] }

    mutating func put(_ name: ShareName, _ entry: Unsettled) {
        if let old = entries.updateValue(entry, forKey: name) { tally(old, -1) }
        tally(entry, 1)
    }

    mutating func change(_ name: ShareName, _ body: (inout Unsettled) -> Void) {
        guard var entry = entries[name] else { return }
        body(&entry)
        put(name, entry)
    }

    @discardableResult
    mutating func remove(_ name: ShareName) -> Unsettled? {
        guard let entry = entries.removeValue(forKey: name) else { return nil }
        tally(entry, -1)
        // A share of many files had all of them here at first; a dictionary does not shrink by itself.
        if entries.isEmpty { entries = [:] }
        return entry
    }

    func names(below directory: ShareName) -> [ShareName] {
        entries.keys.filter { $0.isBelow(directory) }
    }

    /// Files that cannot be offered, with why.
    func failures(below directory: ShareName) -> [ShareName: String] {
        guard failureCount > 0 else { return [:] }
        var failures: [ShareName: String] = [:]
        for (name, entry) in entries where name.isBelow(directory) {
            if let failure = entry.failure { failures[name] = failure.text }
        }
        return failures
    }

    /// The first names in order.
    /// - Parameter after: the last name of the page before.
    func page(
        after: ShareName?, limit: Int, where isWanted: (ShareName) -> Bool
    ) -> (entries: [(name: ShareName, entry: Unsettled)], more: Bool) {
        var first: [ShareName] = []
        var bound: ShareName?
        for name in entries.keys {
            guard after.map({ $0 < name }) ?? true, bound.map({ name < $0 }) ?? true, isWanted(name) else { continue }
            first.append(name)
            // There may be hundreds of thousands: what is certainly not among the first is let go of now and then.
            if first.count > 4 * limit {
                first.sort()
                first.removeSubrange((limit + 1)...)
                bound = first.last
            }
        }
        first.sort()
        let page = first.prefix(limit).compactMap { name in entries[name].map { (name, $0) } }
        return (page, first.count > limit)
    }

    private mutating func tally(_ entry: Unsettled, _ sign: Int) {
        if sign > 0 { bytes += entry.bytes } else { bytes -= entry.bytes }
        if entry.failure != nil { failureCount += sign }
        if entry.isFirst, entry.failure == nil, !entry.isOpenForWriting { firstCount += sign }
    }
}
