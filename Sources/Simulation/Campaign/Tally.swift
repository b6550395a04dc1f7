import Content

/// What came of many runs together.
public struct Tally: Sendable {
    public private(set) var runs = 0
    public private(set) var failures = 0
    public private(set) var simulated: Double = 0
    public private(set) var steps: UInt64 = 0
    private var faults: [String: Int] = [:]

    public init() {}

    public mutating func add(_ outcome: Outcome) {
        runs += 1
        if outcome.violation != nil { failures += 1 }
        simulated += outcome.elapsed.seconds
        steps &+= outcome.trace.steps
        faults.merge(outcome.faults, uniquingKeysWith: +)
    }

    /// - Parameter seconds: how long it took.
    public func text(took seconds: Double) -> String {
        let rate = Int(simulated / max(seconds, 0.001))
        let injected = faults.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return """
            \(runs) seeds, \(failures) failed; \(Int(simulated)) simulated s in \(Int(seconds)) s: \(rate) a second, \
            \(Int(Double(steps) / max(seconds, 0.001))) steps a second
            faults: \(injected.isEmpty ? "none" : injected.joined(separator: ", "))
            """
    }
}
