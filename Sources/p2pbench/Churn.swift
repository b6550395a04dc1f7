import ArgumentParser
import Posix

struct Churn: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join with many peers, then let some join and as many leave all the time, and check what all know.")

    @OptionGroup var options: MemberOptions

    @Option(help: "Joins a second, and leaves a second.")
    var rate = 200

    @Option(help: "For so many seconds.")
    var seconds = 10.0

    @Option(help: "Seconds of rest before that.")
    var rest = 3.0

    func validate() throws {
        guard (1...10_000).contains(rate), seconds > 0 else {
            throw ValidationError("--rate takes 1 to 10000, and --seconds more than 0")
        }
    }

    func run() throws {
        let members = try options.join()
        _ = try members.run(atMost: rest) { false }
        Line.print(#"{"event":"begun"}"#)
        let start = MonotonicClock.nanoseconds()
        var done = 0
        while done < Int(Double(rate) * seconds) {
            try members.join(1)
            try members.leave()
            done += 1
            let due = start + UInt64(done) * 1_000_000_000 / UInt64(rate)
            let now = MonotonicClock.nanoseconds()
            if due > now { _ = try members.run(atMost: Double(due - now) / 1e9) { false } }
        }
        let took = Double(MonotonicClock.nanoseconds() - start) / 1e9
        Line.print(#"{"event":"ended","joins":\#(done),"leaves":\#(done),"seconds":\#(took)}"#)
        members.countInformed()
        try options.settle(members)
        Line.print(#"{"event":"checked","peers":\#(members.count)}"#)
    }
}
