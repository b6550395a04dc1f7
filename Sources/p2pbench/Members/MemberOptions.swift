import ArgumentParser
import Content
import Posix

/// What every load on a manager needs to be told.
struct MemberOptions: ParsableArguments {
    @Option(help: "Peers to join with in one burst, each on a connection of its own.")
    var peers = 1000

    @Option(help: ArgumentHelp("The manager.", valueName: "addr:port"))
    var manager = "127.0.0.1:60505"

    @Option(help: "Give up when something takes so many seconds.")
    var timeout = 60.0

    func validate() throws {
        guard (1...60_000).contains(peers) else { throw ValidationError("--peers takes 1 to 60000") }
        guard PeerAddress(manager) != nil else { throw ValidationError("--manager takes ADDR:PORT, not \(manager)") }
    }

    /// Joins with all, and prints how long it took until every one held the full roster.
    func join() throws -> Members {
        guard let address = PeerAddress(manager) else { throw ValidationError("--manager takes ADDR:PORT") }
        DescriptorLimit.raise()
        let members = try Members(of: address)
        try members.join(peers)
        try settle(members)
        let seconds = Double(members.delays.max() ?? 0) / 1e9
        Line.print(#"{"event":"joined","peers":\#(members.count),"seconds_all_have_roster":\#(seconds)}"#)
        return members
    }

    func settle(_ members: Members) throws {
        guard try members.run(atMost: timeout, until: { members.isSettled }) else {
            throw ValidationError(
                "\(members.informed) of \(members.count) peers hold the full roster after \(timeout) s")
        }
    }
}
