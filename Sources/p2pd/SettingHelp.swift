import ArgumentParser
import Node

/// Help texts from the table of settings, so that they cannot say anything else than the program does.
enum SettingHelp {
    static func of<Value>(_ setting: Setting<Value>, _ valueName: String? = nil) -> ArgumentHelp {
        ArgumentHelp(stringLiteral: setting.name.help).naming(valueName)
    }

    /// The settings that have no flag.
    static func withoutFlag(_ settings: [SettingName]) -> String {
        let paragraphs = settings.filter { $0.flag == nil }.map { "\($0.key): \($0.help)" }
        guard !paragraphs.isEmpty else { return "" }
        return (["Settings that have no flag:"] + paragraphs).joined(separator: "\n\n")
    }
}

extension ArgumentHelp {
    fileprivate func naming(_ valueName: String?) -> ArgumentHelp {
        var help = self
        help.valueName = valueName
        return help
    }
}
