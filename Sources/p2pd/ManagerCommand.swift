import ArgumentParser
import Node

struct ManagerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manager",
        abstract: "Keep the list of active peers, and tell all of them who joins and leaves.",
        discussion: SettingHelp.withoutFlag(ManagerSettings.all))

    @Option(help: SettingHelp.of(ManagerSettings.listen, "ADDR:PORT"))
    var listen: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Launch.run { () throws(DaemonError) in
            let settings = try ManagerSettings.resolve(flags: flags, in: .current)
            return try ManagerDaemon.run(settings, logger: .lines(level: settings.logLevel))
        }
    }

    private var flags: Flags {
        var flags = common.flags
        flags.set(ManagerSettings.listen, listen)
        return flags
    }
}
