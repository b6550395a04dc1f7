import ArgumentParser
import Glibc
import Simulation

/// Tells of a scenario that broke a rule: all that is needed to see it again.
enum FailureReport {
    static func print(_ outcome: Outcome, options: ScenarioOptions) {
        // A campaign runs for hours, and whoever looks at its file wants to see.
        defer { fflush(nil) }
        report(outcome, limits: options.limits, canary: options.canary)
        guard options.shrink, let violation = outcome.violation else { return }
        var shrinking = Shrinking(
            seed: outcome.scenario.seed, limits: options.limits, canary: options.canary, checker: violation.checker)
        let smallest = shrinking.run()
        Swift.print("the smallest that still fails:")
        report(smallest, limits: shrinking.smallest, canary: options.canary)
    }

    /// A run that was not the same the second time.
    static func print(_ outcome: Outcome, otherwise trace: Trace, options: ScenarioOptions) {
        let seed = outcome.scenario.seed
        Swift.print(
            """
            FAILED: seed \(seed) went another way the second time: \(outcome.trace), \(trace)
              \(command(seed, options.limits, options.canary))
              revision \(revision), \(outcome.scenario)
            """)
    }

    /// What runs a scenario again.
    static func command(_ seed: UInt64, _ limits: Scenario.Limits, _ canary: Canary?) -> String {
        let options = [limits.options, canary.map { "--canary \($0.rawValue)" } ?? ""].filter { !$0.isEmpty }
        return (["p2psim --seed \(seed)"] + options).joined(separator: " ")
    }

    private static func report(_ outcome: Outcome, limits: Scenario.Limits, canary: Canary?) {
        guard let violation = outcome.violation else { return }
        Swift.print(
            """
            FAILED \(violation.checker) at \(violation.at.nanoseconds / 1_000_000) ms: \(violation.message)
              \(command(outcome.scenario.seed, limits, canary))
              revision \(revision), trace \(outcome.trace), \(outcome.scenario)
            """)
    }

    /// Of the checkout that p2psim is run in.
    static let revision: String = {
        guard let pipe = popen("git describe --always --dirty 2>/dev/null", "r") else { return "unknown" }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 100)
        guard fgets(&line, 100, pipe) != nil else { return "unknown" }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}
