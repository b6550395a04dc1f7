import Content

/// What came of one scenario.
public struct Outcome: Sendable {
    public let scenario: Scenario
    public let violation: Violation?
    public let trace: Trace
    public let elapsed: Span
    public let faults: [String: Int]

    /// Runs a scenario to its end.
    public init(_ scenario: Scenario, canary: Canary? = nil, teller: ((String) -> Void)? = nil) {
        let world = World(scenario, canary: canary, teller: teller)
        world.run()
        self.scenario = scenario
        violation = world.violation
        trace = world.trace
        elapsed = world.elapsed
        faults = world.faults
    }
}
