import Testing

@testable import Simulation

@Suite struct ScenarioTests {
    @Test("A feature that is left out changes no other, nor anything else of a seed")
    func independence() {
        for seed in UInt64(1)...50 {
            let whole = Scenario(seed: seed)
            guard let one = whole.features.first else { continue }
            let less = Scenario(seed: seed, limits: .init(without: [one]))
            #expect(less.features == whole.features.subtracting([one]))
            #expect(less.peers == whole.peers && less.faultySeconds == whole.faultySeconds)
            #expect(Library(less).works.first?.root == Library(whole).works.first?.root)
        }
    }

    @Test("Every feature is on in some seeds and off in others")
    func swarmTesting() {
        let scenarios = (UInt64(1)...100).map { Scenario(seed: $0) }
        for feature in Feature.allCases {
            let count = scenarios.count { $0.has(feature) }
            #expect((20...80).contains(count), "\(feature) is on in \(count) of 100")
        }
    }

    @Test("Limits make a scenario smaller and never larger")
    func limits() {
        let small = Scenario(seed: 1, limits: .init(peers: 3, faultySeconds: 5, files: 1))
        #expect(small.peers == 3 && small.files == 1 && small.faultySeconds == 5)
        let large = Scenario(seed: 1, limits: .init(peers: 1_000, faultySeconds: 100_000, files: 100))
        #expect(large.peers == Scenario(seed: 1).peers && large.faultySeconds == Scenario(seed: 1).faultySeconds)
    }
}
