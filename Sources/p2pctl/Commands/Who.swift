import ArgumentParser
import Control
import Glibc

/// `p2pctl who`: the versions of a name.
struct Who: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who",
        abstract: "List every version of a file or directory in the swarm, with its age and who has it.",
        discussion:
            "Every peer is asked. Without anybody that has it the exit code is 66, or 124 if some did not answer.")

    @Argument(help: "The name in the swarm, a path below the share; a directory's ends in a slash.")
    var name: String

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try Who.show(name, options.merged(with: parent.options))
    }

    static func show(_ name: String, _ options: ClientOptions) throws {
        try options.output.reporting(name: name) { () throws(ControlFailure) in
            let typed = try TypedName(name)
            var client = try options.connect()
            let reply = try client.ask(.who(WhoParams(name: typed.name, tree: typed.isTree)), WhoReply.self)
            guard !reply.versions.isEmpty || reply.local != nil else { throw nobody(typed, reply) }
            try options.output.print(reply) { WhoText.lines($0, name: typed.text, now: Int64(time(nil))) }
        }
    }

    private static func nobody(_ name: TypedName, _ reply: WhoReply) -> ControlFailure {
        if !reply.unfit.isEmpty { return .unfit(name.text, at: reply.unfit) }
        if reply.silent > 0 {
            return .silence(name.text, silent: reply.silent, asked: reply.asked, advice: "see `p2pctl peers`")
        }
        return .nobody(name.text, asked: reply.asked, banned: reply.banned)
    }
}
