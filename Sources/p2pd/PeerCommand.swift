import ArgumentParser
import Node

struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer",
        abstract: "Share a directory, and fetch files that other peers share.",
        discussion: SettingHelp.withoutFlag(PeerSettings.all))

    @Argument(help: SettingHelp.of(PeerSettings.port, "PORT"))
    var port: String?

    @Argument(help: SettingHelp.of(PeerSettings.share, "DIR"))
    var share: String?

    @Option(parsing: .singleValue, help: SettingHelp.of(PeerSettings.manager, "HOST:PORT"))
    var manager: [String] = []

    @Option(help: SettingHelp.of(PeerSettings.bind, "ADDR"))
    var bind: String?

    @Option(help: SettingHelp.of(PeerSettings.control, "SOCKET"))
    var control: String?

    @Option(help: SettingHelp.of(PeerSettings.state, "DIR"))
    var state: String?

    @Option(help: SettingHelp.of(PeerSettings.workers, "N"))
    var workers: String?

    @Option(help: SettingHelp.of(PeerSettings.label, "TEXT"))
    var label: String?

    @Option(help: SettingHelp.of(PeerSettings.maxUpload, "RATE"))
    var maxUpload: String?

    @Option(help: SettingHelp.of(PeerSettings.maxDownload, "RATE"))
    var maxDownload: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        try Launch.run { () throws(DaemonError) in
            let settings = try PeerSettings.resolve(flags: flags, in: .current)
            return try PeerDaemon.run(settings, logger: .lines(level: settings.logLevel))
        }
    }

    private var flags: Flags {
        var flags = common.flags
        flags.set(PeerSettings.port, port)
        flags.set(PeerSettings.share, share)
        flags.set(PeerSettings.manager, manager)
        flags.set(PeerSettings.bind, bind)
        flags.set(PeerSettings.control, control)
        flags.set(PeerSettings.state, state)
        flags.set(PeerSettings.workers, workers)
        flags.set(PeerSettings.label, label)
        flags.set(PeerSettings.maxUpload, maxUpload)
        flags.set(PeerSettings.maxDownload, maxDownload)
        return flags
    }
}
