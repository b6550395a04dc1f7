/// Looks for the smallest scenario of a seed that still breaks the same rule: fewer peers, files, seconds and features.
public struct Shrinking {
    public private(set) var smallest: Scenario.Limits
    private let seed: UInt64
    private let canary: Canary?
    private let checker: String

    /// - Parameter checker: whose rule is broken.
    public init(seed: UInt64, limits: Scenario.Limits, canary: Canary?, checker: String) {
        self.seed = seed
        self.canary = canary
        self.checker = checker
        smallest = limits
    }

    /// - Returns: what came of the smallest.
    public mutating func run() -> Outcome {
        while let smaller = candidates.first(where: { isFailing($0) }) { smallest = smaller }
        return Outcome(Scenario(seed: seed, limits: smallest), canary: canary)
    }

    private func isFailing(_ limits: Scenario.Limits) -> Bool {
        Outcome(Scenario(seed: seed, limits: limits), canary: canary).violation?.checker == checker
    }

    /// The boldest first.
    private var candidates: [Scenario.Limits] {
        let scenario = Scenario(seed: seed, limits: smallest)
        var candidates: [Scenario.Limits] = []
        for count in [2, scenario.peers / 2, scenario.peers - 1] where count >= 2 && count < scenario.peers {
            candidates.append(changed { $0.peers = count })
        }
        for seconds in [scenario.faultySeconds / 4, scenario.faultySeconds * 3 / 4]
        where seconds < scenario.faultySeconds {
            candidates.append(changed { $0.faultySeconds = seconds })
        }
        for files in [1, scenario.files - 1] where files >= 1 && files < scenario.files {
            candidates.append(changed { $0.files = files })
        }
        for feature in Feature.allCases where scenario.has(feature) {
            candidates.append(changed { $0.without.insert(feature) })
        }
        return candidates
    }

    private func changed(_ change: (inout Scenario.Limits) -> Void) -> Scenario.Limits {
        var limits = smallest
        change(&limits)
        return limits
    }
}

extension Scenario.Limits {
    /// As options of p2psim.
    public var options: String {
        var words: [String] = []
        if let peers { words.append("--peers \(peers)") }
        if let files { words.append("--files \(files)") }
        if let faultySeconds { words.append("--faulty-seconds \(faultySeconds)") }
        if !without.isEmpty { words.append("--without " + without.map(\.rawValue).sorted().joined(separator: ",")) }
        return words.joined(separator: " ")
    }
}
