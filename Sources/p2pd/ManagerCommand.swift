import ArgumentParser
import Node

struct ManagerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manager",
        abstract: "Keep the list of active peers, and tell all of them who joins and leaves.",
        discussion: SettingHelp.withoutFlag(ManagerSettings.all))

    @Option(help: SettingHelp.of(ManagerSettings.listen, "ADDR:PORT"))
    var listen: String?

    @Flag(help: SettingHelp.of(CommonSettings.insecure))
    var insecure = false

    @Option(help: SettingHelp.of(CommonSettings.logLevel, "LEVEL"))
    var logLevel: String?

    @Option(help: SettingHelp.of(CommonSettings.configuration, "FILE"))
    var config: String?

    func run() throws {
        try Launch.run { () throws(DaemonError) in
            let settings = try ManagerSettings.resolve(flags: flags, in: .current)
            return try ManagerDaemon.run(settings, logger: .lines(level: settings.logLevel))
        }
    }

    private var flags: Flags {
        var flags = Flags()
        flags.set(ManagerSettings.listen, listen)
        flags.set(CommonSettings.insecure, insecure)
        flags.set(CommonSettings.logLevel, logLevel)
        flags.set(CommonSettings.configuration, config)
        return flags
    }
}
