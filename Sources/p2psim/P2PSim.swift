import ArgumentParser
import Simulation

/// Runs the production machines in a simulated world with faults.
@main
struct P2PSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "p2psim",
        abstract: "Run managers and peers in a simulated world with faults, and check that they keep their rules.",
        discussion: """
            A seed is a whole scenario, and two runs of it are the same step by step. Without options 100 seeds are run. \
            Ends with 1 if a rule was broken.
            """)

    @OptionGroup var choice: ScenarioOptions
    @OptionGroup var range: SeedOptions

    @Flag(help: "Break each rule on purpose, one after the other, and see that it is noticed.")
    var canaries = false

    @Flag(help: "Measure how fast an uneventful swarm of 30 peers is simulated.")
    var speed = false

    func run() throws {
        try Hashing.makeDeterministic()
        if canaries { return try CanaryRun(limits: choice.limits).run() }
        if speed { return SpeedRun().run() }
        if let seed = choice.seed { return try SingleRun(seed: seed, choice: choice).run() }
        try ManyRuns(choice: choice, range: range).run()
    }
}
