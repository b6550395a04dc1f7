import ArgumentParser
import Control
import Node

@main
struct P2PDaemon: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "p2pd",
        abstract: "Peer-to-peer file transfer: the daemons.",
        discussion: """
            A manager keeps the list of active peers. A peer shares a directory, and fetches a file that p2pctl asks \
            for from every peer that has it, at once. Both run in the foreground, log to standard error and stop on \
            SIGTERM or SIGINT.

            Flags override the environment, which overrides the file of --config, which overrides the defaults.

            Exit codes: 0 done; 64 usage; 66 the directory to share is missing; 71 the system refused something; \
            78 the environment or the file is wrong.
            """,
        version: "p2pd \(ProgramVersion.text)",
        subcommands: [ManagerCommand.self, PeerCommand.self])

    func run() throws {
        throw ValidationError("Name the daemon to run: manager or peer")
    }
}
