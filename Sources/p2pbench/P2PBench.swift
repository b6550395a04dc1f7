import ArgumentParser

@main
struct P2PBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "p2pbench",
        abstract: "Load for p2pd's daemons, and what they make of it, as JSON lines. Used by Scripts/bench.",
        subcommands: [Join.self, Spread.self, Churn.self, EchoServer.self, Echo.self])
}
