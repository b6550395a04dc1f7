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

    private static func report(_ outcome: Outcome, limits: Scenario.Limits, canary: Canary?) {
        guard let violation = outcome.violation else { return }
        let options = [limits.options, canary.map { "--canary \($0.rawValue)" } ?? ""].filter { !$0.isEmpty }
        Swift.print(
            """
            FAILED \(violation.checker) at \(violation.at.nanoseconds / 1_000_000) ms: \(violation.message)
              p2psim --seed \(outcome.scenario.seed) \(options.joined(separator: " "))
              revision \(revision), trace \(outcome.trace), \(outcome.scenario)
            """)
    }

    /// Of the checkout that p2psim is run in.
    private static let revision: String = {
        guard let pipe = popen("git describe --always --dirty 2>/dev/null", "r") else { return "unknown" }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 100)
        guard fgets(&line, 100, pipe) != nil else { return "unknown" }
        return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()
}
