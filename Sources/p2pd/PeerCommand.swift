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

    @Flag(help: SettingHelp.of(CommonSettings.insecure))
    var insecure = false

    @Option(help: SettingHelp.of(PeerSettings.workers, "N"))
    var workers: String?

    @Option(help: SettingHelp.of(PeerSettings.label, "TEXT"))
    var label: String?

    @Option(help: SettingHelp.of(PeerSettings.maxUpload, "RATE"))
    var maxUpload: String?

    @Option(help: SettingHelp.of(PeerSettings.maxDownload, "RATE"))
    var maxDownload: String?

    @Option(help: SettingHelp.of(CommonSettings.logLevel, "LEVEL"))
    var logLevel: String?

    @Option(help: SettingHelp.of(CommonSettings.configuration, "FILE"))
    var config: String?

    func run() throws {
        try Launch.run { () throws(DaemonError) in
            let settings = try PeerSettings.resolve(flags: flags, in: .current)
            return try PeerDaemon.run(settings, logger: .lines(level: settings.logLevel))
        }
    }

    private var flags: Flags {
        var flags = Flags()
        flags.set(PeerSettings.port, port)
        flags.set(PeerSettings.share, share)
        flags.set(PeerSettings.manager, manager)
        flags.set(PeerSettings.bind, bind)
        flags.set(PeerSettings.control, control)
        flags.set(PeerSettings.state, state)
        flags.set(CommonSettings.insecure, insecure)
        flags.set(PeerSettings.workers, workers)
        flags.set(PeerSettings.label, label)
        flags.set(PeerSettings.maxUpload, maxUpload)
        flags.set(PeerSettings.maxDownload, maxDownload)
        flags.set(CommonSettings.logLevel, logLevel)
        flags.set(CommonSettings.configuration, config)
        return flags
    }
}
