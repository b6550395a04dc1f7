import ArgumentParser
import Simulation

/// One seed.
struct SingleRun {
    let seed: UInt64
    let choice: ScenarioOptions

    func run() throws {
        let scenario = Scenario(seed: seed, limits: choice.limits)
        CrashReport.prepare(FailureReport.command(seed, choice.limits, choice.canary))
        let outcome = Outcome(scenario, canary: choice.canary, teller: choice.trace ? { print($0) } : nil)
        guard outcome.violation == nil else {
            FailureReport.print(outcome, options: choice)
            throw ExitCode.failure
        }
        print("seed \(seed): kept, trace \(outcome.trace), \(Int(outcome.elapsed.seconds)) simulated s, \(scenario)")
    }
}

/// One seed after the other.
struct ManyRuns {
    let choice: ScenarioOptions
    let range: SeedOptions

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        var tally = Tally()
        for seed in stride(
            from: range.numbers?.lowerBound ?? 0, to: range.numbers?.upperBound ?? 0, by: Int(range.stride))
        {
            if let limit = range.for, seconds(clock.now - start) >= limit { break }
            let scenario = Scenario(seed: seed, limits: choice.limits)
            CrashReport.prepare(FailureReport.command(seed, choice.limits, choice.canary))
            let outcome = Outcome(scenario, canary: choice.canary)
            tally.add(outcome)
            if outcome.violation != nil { FailureReport.print(outcome, options: choice) }
            if let every = range.twiceEvery, UInt64(tally.runs) % every == 0 {
                let again = Outcome(scenario, canary: choice.canary)
                guard again.trace == outcome.trace else {
                    FailureReport.print(outcome, otherwise: again.trace, options: choice)
                    throw ExitCode.failure
                }
            }
        }
        print(tally.text(took: seconds(clock.now - start)))
        if tally.failures > 0 { throw ExitCode.failure }
    }
}

/// Every canary, over seeds until the checker whose rule it breaks notices.
struct CanaryRun {
    private static let seedsMax: UInt64 = 200

    let limits: Scenario.Limits

    func run() throws {
        var missed = 0
        for canary in Canary.allCases {
            let caught = (1...Self.seedsMax).lazy.map { outcome(of: $0, canary) }
                .first { canary.checkers.contains($0.violation?.checker ?? "") }
            if let caught, let violation = caught.violation {
                print(
                    "\(canary.rawValue): caught by \(violation.checker) with seed \(caught.scenario.seed): \(violation.message)"
                )
            } else {
                print("FAILED: \(canary.rawValue) was not noticed by \(canary.checkers) in \(Self.seedsMax) seeds")
                missed += 1
            }
        }
        if missed > 0 { throw ExitCode.failure }
    }

    private func outcome(of seed: UInt64, _ canary: Canary) -> Outcome {
        CrashReport.prepare(FailureReport.command(seed, limits, canary))
        return Outcome(Scenario(seed: seed, limits: limits), canary: canary)
    }
}

/// How many seconds are simulated in one.
struct SpeedRun {
    func run() {
        let clock = ContinuousClock()
        let start = clock.now
        var tally = Tally()
        tally.add(Outcome(.swarm(peers: 30, seconds: 20_000)))
        print(tally.text(took: seconds(clock.now - start)))
    }
}

private func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
