import Content

/// What people read of a failure: its message, and for a conflict the versions with the command that chooses each.
public enum FailureText {
    /// - Parameter name: the file asked for, as typed.
    public static func lines(_ failure: ControlFailure, name: String?) -> [String] {
        let message = TerminalText.escape(failure.message)
        guard let versions = failure.versions, !versions.isEmpty else { return [message] }
        guard let name else { return [message] + table(versions) }
        let commands = versions.map { version in
            "  p2pctl req --root \(TerminalText.escape(version.root)) \(ShellText.argument(name))"
        }
        return [message] + table(versions) + ["Choose one:"] + commands
    }

    /// The versions, aligned, under a heading.
    public static func table(_ versions: [VersionInfo]) -> [String] {
        let rows = versions.map { version in
            [
                "  " + RootText.prefix(version.root), ByteText.size(version.length), TimeText.text(version.modified),
                version.holders.map { TerminalText.escape($0) }.joined(separator: " "),
            ]
        }
        return Table(columns: [.left("  ROOT"), .right("SIZE"), .left("MODIFIED"), .left("HOLDERS")], rows: rows).lines
    }
}
