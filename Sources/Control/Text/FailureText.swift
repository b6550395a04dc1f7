import Content

/// What people read of a failure: its message, and for a conflict the versions with the command that chooses each.
public enum FailureText {
    /// - Parameter name: the file asked for, as typed.
    public static func lines(_ failure: ControlFailure, name: String?) -> [String] {
        let message = TerminalText.escape(failure.message)
        guard let versions = failure.versions, !versions.isEmpty else { return [message] }
        guard let name else { return [message] + table(versions) }
        return [message] + table(versions) + ["Choose one:"] + commands(versions.map(\.root), name: name)
    }

    /// What to type for each of several versions.
    static func commands(_ roots: [String], name: String) -> [String] {
        roots.map { "  p2pctl req --root \(TerminalText.escape($0)) \(ShellText.argument(name))" }
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
