import ArgumentParser
import Content
import Posix

struct Echo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send pings to an echo-server on many connections, one at a time on each, and count the pongs.")

    @Option(help: ArgumentHelp("The server.", valueName: "addr:port"))
    var server = "127.0.0.1:60506"

    @Option(help: "Connections.")
    var connections = 50

    @Option(help: "Round trips in all.")
    var roundTrips = 1_000_000

    @Option(help: "Give up after so many seconds.")
    var timeout = 120.0

    func validate() throws {
        guard (1...10_000).contains(connections) else { throw ValidationError("--connections takes 1 to 10000") }
        guard roundTrips >= connections else { throw ValidationError("--round-trips is at least one a connection") }
        guard PeerAddress(server) != nil else { throw ValidationError("--server takes ADDR:PORT, not \(server)") }
    }

    func run() throws {
        guard let address = PeerAddress(server) else { return }
        DescriptorLimit.raise()
        let node = try EchoNode()
        let deadline = MonotonicClock.nanoseconds() + UInt64(timeout * 1e9)
        for _ in 0..<connections { _ = try node.transport.dial(address, from: nil) }
        func run(until isDone: () -> Bool) throws {
            while !isDone() {
                if let failure = node.failure { throw ValidationError(failure) }
                guard MonotonicClock.nanoseconds() < deadline else {
                    throw ValidationError("\(node.pongs) of \(roundTrips) round trips after \(timeout) s")
                }
                try node.reactor.tick(node, waitingAtMost: 100_000_000)
            }
        }
        try run { node.dialed == connections }
        let start = MonotonicClock.nanoseconds()
        node.begin(roundTrips)
        try run { node.pongs == roundTrips }
        let seconds = Double(MonotonicClock.nanoseconds() - start) / 1e9
        Line.print(
            #"{"connections":\#(connections),"round_trips":\#(roundTrips),"seconds":\#(seconds),"#
                + #""per_second":\#(Double(roundTrips) / seconds)}"#)
    }
}
