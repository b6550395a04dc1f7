import Content
import Logging

/// The text of one event: `2026-11-23T02:30:44.123Z info peer joined address=127.0.0.1:7002 label="a b"`.
///
/// Time, level and message, then the metadata by key. Whatever a value holds, it stays one value on one line: nothing
/// that comes from a file name or a socket can begin a line or pass for another value.
enum LogLine {
    /// Unicode scalars; what is longer is cut. A share name always fits.
    static let maxValueLength = 1024

    static func text(time: UnixTime, level: Logger.Level, message: String, metadata: Logger.Metadata) -> String {
        var line = "\(time) \(level.rawValue) \(TerminalText.escape(cut(message)))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(quoteIfNeeded(key))=\(quoteIfNeeded(plain(value)))"
        }
        return line + "\n"
    }

    private static func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array(let values): "[" + values.map(plain).joined(separator: ",") + "]"
        case .dictionary(let values):
            "{" + values.sorted { $0.key < $1.key }.map { "\($0.key):\(plain($0.value))" }.joined(separator: ",") + "}"
        }
    }

    private static func quoteIfNeeded(_ text: String) -> String {
        if !text.isEmpty, text.utf8.count <= maxValueLength, text.utf8.allSatisfy(isPlain) { return text }
        var marked = ""
        for scalar in cut(text).unicodeScalars {
            if scalar == "\"" || scalar == "\\" { marked += "\\" }
            marked.unicodeScalars.append(scalar)
        }
        return "\"" + TerminalText.escape(marked) + "\""
    }

    /// Printable ASCII that means nothing in a line.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "="): false
        case 0x21...0x7E: true
        default: false
        }
    }

    private static func cut(_ text: String) -> String {
        guard text.unicodeScalars.count > maxValueLength else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(maxValueLength))) + "…"
    }
}
