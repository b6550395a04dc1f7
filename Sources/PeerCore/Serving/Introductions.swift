import Content
import Wire

/// Who fetches what from this peer: so that those who fetch the same can be made known to each other.
struct Introductions {
    /// Roots remembered; beyond it the one longest unused is forgotten.
    private static let rootsMax = 1024
    /// Fetchers remembered of one root: introductions are samples anyway.
    private static let fetchersMax = 512
    /// A fetcher that has asked for nothing for so long has what it wanted, or is gone.
    private static let memory = Span.seconds(30)
    /// Between two introductions of others to the same fetcher, at first and at the most: a crowd often comes together,
    /// and the first of it would know nobody for long.
    private static let pauseFirst = Span.milliseconds(50)
    private static let pauseMax = Span.seconds(5)

    private struct Fetcher {
        var asked: Moment
        var introduced: Moment
        /// Until the next introduction.
        var pause: Span

        func next(at now: Moment) -> Fetcher {
            Fetcher(
                asked: now, introduced: now,
                pause: min(Introductions.pauseMax, Span(nanoseconds: pause.nanoseconds * 2)))
        }
    }

    private struct Meeting {
        var fetchers: [PeerID: Fetcher] = [:]
        var used: Moment
        /// When somebody last came.
        var joined: Moment
    }

    private var meetings: [FileRoot: Meeting] = [:]

    /// A peer asks for something of a root.
    /// - Returns: whom to introduce to it, if it is time: a sample of those who fetch the same.
    mutating func asked(
        _ root: FileRoot, by peer: PeerID, now: Moment, random: inout some RandomNumberGenerator
    ) -> [PeerID] {
        if let joined = meetings[root]?.joined, let known = meetings[root]?.fetchers[peer], !isDue(known, joined, now) {
            meetings[root]?.fetchers[peer]?.asked = now
            meetings[root]?.used = now
            return []
        }
        var meeting = meetings[root] ?? Meeting(used: now, joined: now)
        meeting.used = now
        meeting.fetchers = meeting.fetchers.filter { $0.value.asked + Introductions.memory > now }
        let others = meeting.fetchers.keys.filter { $0 != peer }
        if meeting.fetchers[peer] == nil, meeting.fetchers.count < Introductions.fetchersMax { meeting.joined = now }
        if meeting.fetchers.count < Introductions.fetchersMax || meeting.fetchers[peer] != nil {
            meeting.fetchers[peer] =
                meeting.fetchers[peer]?.next(at: now)
                ?? Fetcher(asked: now, introduced: now, pause: Introductions.pauseFirst)
        }
        meetings[root] = meeting
        if meetings.count > Introductions.rootsMax { forgetOldest() }
        return Array(others.shuffled(using: &random).prefix(WireLimits.introducedMax))
    }

    private func isDue(_ fetcher: Fetcher, _ joined: Moment, _ now: Moment) -> Bool {
        joined > fetcher.introduced && fetcher.introduced + fetcher.pause <= now
    }

    private mutating func forgetOldest() {
        if let oldest = meetings.min(by: { $0.value.used < $1.value.used })?.key { meetings[oldest] = nil }
    }
}
