import ArgumentParser
import Content
import Posix
import Reactor

struct Join: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join a manager with many peers in one burst, and time until every one holds the full roster.")

    @Option(help: "Peers to join with, each on a connection of its own.")
    var peers = 1000

    @Option(help: ArgumentHelp("The manager.", valueName: "addr:port"))
    var manager = "127.0.0.1:60505"

    @Option(help: "Give up after so many seconds.")
    var timeout = 60.0

    func validate() throws {
        guard (1...60_000).contains(peers) else { throw ValidationError("--peers takes 1 to 60000") }
        guard PeerAddress(manager) != nil else { throw ValidationError("--manager takes ADDR:PORT, not \(manager)") }
    }

    func run() throws {
        guard let address = PeerAddress(manager) else { return }
        DescriptorLimit.raise()
        let reactor = try Reactor<Never>()
        let burst = JoinBurst(count: peers, manager: address, reactor: reactor)
        let deadline = reactor.now + Span(seconds: timeout).nanoseconds
        try burst.begin()
        while !burst.isComplete, reactor.now < deadline, burst.failure == nil {
            try reactor.tick(burst, waitingAtMost: 100_000_000)
        }
        guard burst.isComplete, let seconds = burst.seconds else {
            let why = burst.failure ?? "\(burst.informed) of \(peers) peers hold the full roster after \(timeout) s"
            throw ValidationError(why)
        }
        print("{\"peers\":\(peers),\"seconds_all_have_roster\":\(seconds)}")
    }
}
