import ArgumentParser

struct Spread: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join with many peers, then with one more at a time, and time until each of the others knows of it.")

    @OptionGroup var options: MemberOptions

    @Option(help: "Joins to measure.")
    var rounds = 20

    @Option(help: "Seconds of rest before the first.")
    var rest = 3.0

    /// Between two rounds: longer than the manager gathers changes.
    private static let pause = 0.5

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds takes 1 to 1000") }
    }

    func run() throws {
        let members = try options.join()
        _ = try members.run(atMost: rest) { false }
        var delays: [UInt64] = []
        for _ in 0..<rounds {
            try members.connect()
            guard try members.run(atMost: options.timeout, until: { members.isConnected }) else {
                throw ValidationError("the manager takes no connection")
            }
            _ = try members.run(atMost: Self.pause) { false }
            try members.introduce()
            try options.settle(members)
            delays += members.delays
        }
        delays.sort()
        Line.print(
            #"{"event":"spread","rounds":\#(rounds),"deliveries":\#(delays.count),"#
                + #""median_ms":\#(milliseconds(delays, 50)),"p99_ms":\#(milliseconds(delays, 99)),"#
                + #""max_ms":\#(milliseconds(delays, 100))}"#)
    }

    private func milliseconds(_ sorted: [UInt64], _ percent: Int) -> Double {
        Double(sorted[min(sorted.count * percent / 100, sorted.count - 1)]) / 1e6
    }
}
