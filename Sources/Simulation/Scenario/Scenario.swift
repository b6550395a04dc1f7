import Content

/// All that a run is made of, drawn from its seed.
public struct Scenario: Sendable {
    /// What a run is cut down to; the rest is the seed's.
    public struct Limits: Hashable, Sendable {
        public var peers: Int?
        public var without: Set<Feature>
        public var faultySeconds: Int?
        public var files: Int?

        public init(peers: Int? = nil, without: Set<Feature> = [], faultySeconds: Int? = nil, files: Int? = nil) {
            self.peers = peers
            self.without = without
            self.faultySeconds = faultySeconds
            self.files = files
        }
    }

    public let seed: UInt64
    public let peers: Int
    public let files: Int
    public let features: Set<Feature>
    /// How long faults are injected.
    public let faultySeconds: Int
    /// Between two faults of a kind.
    let faultPause: Span
    /// Between two wishes of a peer's clients.
    let wishPause: Span
    /// One way, at least; jitter adds up to as much again.
    let latency: Span
    /// Of a job that waits for a disk, about.
    let diskLatency: Span
    let chances: Chances

    public init(seed: UInt64, limits: Limits = Limits()) {
        self.seed = seed
        var draws = Draws(seed: seed, for: "scenario")
        let drawnPeers = draws.chance(0.1) ? draws.number(13...30) : draws.number(2...12)
        peers = max(2, min(limits.peers ?? drawnPeers, drawnPeers))
        let drawnFiles = draws.number(1...6)
        files = max(1, min(limits.files ?? drawnFiles, drawnFiles))
        let drawnSeconds = draws.chance(0.1) ? draws.number(100...400) : draws.number(10...100)
        faultySeconds = min(limits.faultySeconds ?? drawnSeconds, drawnSeconds)
        faultPause = draws.span(.milliseconds(1_500)...Span.seconds(30))
        wishPause = draws.span(.seconds(2)...Span.seconds(40))
        latency = draws.span(.milliseconds(0)...Span.milliseconds(30))
        diskLatency = draws.span(.milliseconds(0)...Span.milliseconds(20))
        chances = Chances(seed: seed)
        var features: Set<Feature> = []
        for feature in Feature.allCases {
            var draws = Draws(seed: seed, for: feature.rawValue)
            if draws.chance(0.5), !limits.without.contains(feature) { features.insert(feature) }
        }
        self.features = features
    }

    /// A large swarm without faults whose peers fetch now and then: what speed is measured with.
    public static func swarm(peers: Int, seconds: Int) -> Scenario { Scenario(peers: peers, seconds: seconds) }

    private init(peers: Int, seconds: Int) {
        seed = 1
        self.peers = peers
        files = 4
        faultySeconds = seconds
        features = []
        faultPause = .seconds(1)
        wishPause = .seconds(600)
        latency = .milliseconds(5)
        diskLatency = .milliseconds(2)
        chances = Chances(seed: seed)
    }

    func has(_ feature: Feature) -> Bool { features.contains(feature) }
}

extension Scenario: CustomStringConvertible {
    public var description: String {
        let on = features.map(\.rawValue).sorted().joined(separator: " ")
        return "\(peers) peers, \(files) files, \(faultySeconds) s of faults: \(on.isEmpty ? "none" : on)"
    }
}
