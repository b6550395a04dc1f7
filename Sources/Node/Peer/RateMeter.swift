import Content

/// Bytes a second, from a count that is read now and then.
struct RateMeter {
    private var last: (total: UInt64, at: Moment)?
    /// nil until it has been read twice.
    private(set) var bytesPerSecond: Double?

    /// What was counted before does not matter: nobody looked.
    mutating func begin(_ total: UInt64, at now: Moment) { last = (total, now) }

    mutating func read(_ total: UInt64, at now: Moment) {
        defer { last = (total, now) }
        guard let last, total >= last.total, last.at < now else { return }
        let rate = Double(total - last.total) / (now - last.at).seconds
        // Half of the old keeps a single slow interval from telling everybody to stay away.
        bytesPerSecond = bytesPerSecond.map { ($0 + rate) / 2 } ?? rate
    }
}
