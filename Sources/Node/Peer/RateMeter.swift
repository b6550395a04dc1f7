import Content

/// Bytes a second, from a count that is read now and then.
struct RateMeter {
    private var last: (total: UInt64, at: Moment)?
    /// nil until it has been read twice.
    private(set) var bytesPerSecond: Double?

    /// What was counted before does not matter if nobody has looked for so long.
    mutating func begin(_ total: UInt64, at now: Moment, after span: Span = .seconds(0)) {
        if let last, now < last.at + span { return }
        last = (total, now)
    }

    /// - Parameter span: a reading that comes sooner after the last does not count.
    mutating func read(_ total: UInt64, at now: Moment, every span: Span = .seconds(0)) {
        if let last, now < last.at + span { return }
        defer { last = (total, now) }
        guard let last, total >= last.total, last.at < now else { return }
        let rate = Double(total - last.total) / (now - last.at).seconds
        // Half of the old keeps a single slow interval from telling everybody to stay away.
        bytesPerSecond = bytesPerSecond.map { ($0 + rate) / 2 } ?? rate
    }
}
