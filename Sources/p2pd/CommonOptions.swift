import ArgumentParser
import Node

/// The options that both daemons have.
struct CommonOptions: ParsableArguments {
    @Flag(help: SettingHelp.of(CommonSettings.insecure))
    var insecure = false

    @Option(help: SettingHelp.of(CommonSettings.logLevel, "LEVEL"))
    var logLevel: String?

    @Option(help: SettingHelp.of(CommonSettings.configuration, "FILE"))
    var config: String?

    /// What they give, for a daemon to add its own.
    var flags: Flags {
        var flags = Flags()
        flags.set(CommonSettings.insecure, insecure)
        flags.set(CommonSettings.logLevel, logLevel)
        flags.set(CommonSettings.configuration, config)
        return flags
    }
}
