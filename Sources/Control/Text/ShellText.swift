import Content

/// Names as they can be typed into a shell, for the commands that messages suggest.
public enum ShellText {
    /// `text` as one word, in single quotes if it needs them.
    public static func quote(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy(plain.contains)
        guard !isPlain else { return text }
        let inner = text.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        return "'" + TerminalText.escape(inner.joined(separator: "'\\''")) + "'"
    }

    /// `name` as the last argument of a command, kept from being read as an option.
    public static func argument(_ name: String) -> String {
        name.utf8.first == UInt8(ascii: "-") ? "-- " + quote(name) : quote(name)
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+@%:=,".utf8)
}
