import Logging

/// Settings that the manager and the peer share.
public enum CommonSettings {
    public static let insecure = Setting(
        SettingName(
            key: "insecure", place: .option, kind: .toggle, standard: .text("false"),
            summary: "Accept that nothing authenticates peers yet; needed to listen beyond loopback."),
        SettingText.toggle)

    public static let logLevel = Setting(
        SettingName(
            key: "log_level", place: .option, kind: .text, standard: .text("info"),
            summary: "The least level to log: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))."),
        SettingText.logLevel)

    /// Names the file, so it is not in it.
    public static let configuration = Setting(
        SettingName(
            key: "config", place: .option, kind: .text, standard: .found("none"),
            summary: "A TOML file to read settings from; the environment and flags override it."),
        SettingText.path)
}
