import ArgumentParser
import Control

/// `p2pctl bans`: the peers that are refused.
struct Bans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bans", abstract: "List the peers that are refused because they sent wrong data, or lift that.",
        discussion: "A peer that sent 3 wrong pieces is refused for an hour, by its id and its address.")

    @Option(
        help: ArgumentHelp(
            "Take this peer again: its id, or its address with a port or without. (default: only list)",
            valueName: "id|address"))
    var lift: String?

    @Flag(help: "Take all of them again. (default: only list)")
    var liftAll = false

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        guard lift != nil || liftAll else {
            return try options.show(.bans, as: BansReply.self, BansText.lines)
        }
        try options.output.reporting { () throws(ControlFailure) in
            let choice = try choice()
            var client = try options.connect()
            try options.output.print(try client.ask(.lift(choice), LiftReply.self), BansText.lines)
        }
    }

    private func choice() throws(ControlFailure) -> BanChoice {
        guard let lift else { return .all }
        guard !liftAll else { throw ControlFailure(.usage, "--lift and --lift-all: choose one of them") }
        guard let choice = BanChoice(typed: lift) else {
            throw ControlFailure(
                .usage,
                "--lift \(lift): must be a peer's id (32 hexadecimal digits) or its IP address, as bans lists them")
        }
        return choice
    }
}
