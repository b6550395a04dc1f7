import ArgumentParser
import Control

/// `p2pctl left`: the peer leaves the swarm and its daemon ends.
struct Left: ParsableCommand {
    /// The daemon ends within 5 s of being told.
    private static let endSeconds = 10

    static let configuration = CommandConfiguration(
        commandName: "left", abstract: "Leave the swarm and end the daemon.")
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try Left.leave(options.merged(with: parent.options))
    }

    /// Returns when the daemon is gone, so that the next one may start at once.
    static func leave(_ options: ClientOptions) throws {
        try options.output.reporting { () throws(ControlFailure) in
            var client = try options.connect()
            let reply = try client.ask(.left, LeftReply.self)
            let isGone = client.waitForEnd(seconds: Left.endSeconds)
            try options.output.print(reply) { _ in
                [isGone ? "left the swarm; the daemon has ended" : "left the swarm; the daemon is still ending"]
            }
        }
    }
}
