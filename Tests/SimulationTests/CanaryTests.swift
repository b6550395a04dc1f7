import Testing

@testable import Simulation

/// Rules that are broken on purpose.
@Suite struct CanaryTests {
    @Test("Every canary is caught within some seeds by the checker whose rule it breaks", arguments: Canary.allCases)
    func caught(canary: Canary) {
        let violations = (UInt64(1)...60).lazy.compactMap { Outcome(Scenario(seed: $0), canary: canary).violation }
        #expect(violations.contains { canary.checkers.contains($0.checker) })
    }

    @Test("A failure shrinks to a scenario that breaks the same rule and has no more of anything")
    func shrinks() throws {
        let seed = try #require((UInt64(1)...30).first { isCaught($0) })
        let scenario = Scenario(seed: seed)
        let violation = try #require(Outcome(scenario, canary: .loseDelta).violation)
        var shrinking = Shrinking(seed: seed, limits: .init(), canary: .loseDelta, checker: violation.checker)
        let smallest = shrinking.run()
        #expect(smallest.violation?.checker == violation.checker)
        #expect(
            smallest.scenario.peers <= scenario.peers && smallest.scenario.features.count <= scenario.features.count)
    }

    private func isCaught(_ seed: UInt64) -> Bool { Outcome(Scenario(seed: seed), canary: .loseDelta).violation != nil }
}
