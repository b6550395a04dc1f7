import Content
import FoundationEssentials
import TOMLKit

/// A TOML file of settings, with every key known and of its type.
struct ConfigurationFile: Sendable {
    /// A file of settings has a few dozen lines; a larger one is not what was meant.
    static let maxBytes = 1 << 20

    private let path: String
    private let texts: [String: [String]]
    private let lines: [String: Int]

    /// - Parameter settings: what the file may name.
    /// - Throws: `configuration` if it cannot be read, is not TOML, or has a key that is unknown or of another type.
    init(path: String, settings: [SettingName]) throws(DaemonError) {
        try self.init(path: path, text: ConfigurationFile.read(path), settings: settings)
    }

    init(path: String, text: String, settings: [SettingName]) throws(DaemonError) {
        let lines = KeyLines(text)
        if let flaw = lines.flaw {
            throw DaemonError("\(path) line \(flaw.line): \(flaw.reason)", exit: .configuration)
        }
        let table = try ConfigurationFile.parse(text, path)
        var texts: [String: [String]] = [:]
        for key in table.keys.sorted(by: { (lines[$0] ?? .max, $0) < (lines[$1] ?? .max, $1) }) {
            let place = path + (lines[key].map { " line \($0)" } ?? "")
            let setting = try ConfigurationFile.find(key, in: settings, place)
            guard let value = table[key] else { continue }
            texts[key] = try ConfigurationFile.texts(of: value, for: setting, place)
        }
        self.path = path
        self.texts = texts
        self.lines = texts.keys.reduce(into: [:]) { $0[$1] = lines[$1] }
    }

    func answer(_ name: SettingName) -> Answer? {
        texts[name.key].map { Answer(texts: $0, origin: .file(path: path, line: lines[name.key])) }
    }

    private static func read(_ path: String) throws(DaemonError) -> String {
        let bytes: Data
        do { bytes = try Data(contentsOf: URL(filePath: path)) } catch {
            throw DaemonError("cannot read the settings in \(path): \(reason(error))", exit: .configuration)
        }
        guard bytes.count <= maxBytes, !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw DaemonError(
                "cannot read the settings in \(path): it is not a text in UTF-8 of at most \(maxBytes) bytes",
                exit: .configuration)
        }
        return text
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "permission denied"
        default: "it is not a file that can be read"
        }
    }

    private static func parse(_ text: String, _ path: String) throws(DaemonError) -> TOMLTable {
        do { return try TOMLTable(string: text) } catch {
            guard let error = error as? TOMLParseError else {
                throw DaemonError("\(path) is not TOML: \(error)", exit: .configuration)
            }
            let place = "\(path) line \(error.source.begin.line) column \(error.source.begin.column)"
            throw DaemonError("\(place): \(TerminalText.escape(error.description))", exit: .configuration)
        }
    }

    private static func find(
        _ key: String, in settings: [SettingName], _ place: String
    ) throws(DaemonError) -> SettingName {
        if let setting = settings.first(where: { $0.key == key }) { return setting }
        let known = settings.map(\.key)
        let nearest = EditDistance.nearest(to: key, in: known) ?? ""
        throw DaemonError(
            "\(place): there is no setting \"\(TerminalText.escape(key))\"; did you mean \"\(nearest)\"? "
                + "Known are \(known.joined(separator: ", "))",
            exit: .configuration)
    }

    private static func texts(
        of value: any TOMLValueConvertible, for setting: SettingName, _ place: String
    ) throws(DaemonError) -> [String] {
        let read: [String]? =
            switch setting.kind {
            case .text: value.string.map { [$0] }
            case .integer: value.int.map { [String($0)] }
            case .toggle: value.bool.map { [String($0)] }
            case .list: value.string.map { [$0] } ?? value.array.flatMap(strings)
            case .command: value.array.flatMap(strings)
            }
        if let read { return read }
        throw DaemonError(
            "\(setting.key) in \(place): the value is of type \(value.type), where \(setting.kind.words) belongs",
            exit: .configuration)
    }

    private static func strings(_ array: TOMLArray) -> [String]? {
        let strings = array.map(\.string)
        return strings.contains(nil) ? nil : strings.compactMap { $0 }
    }
}

extension SettingKind {
    fileprivate var words: String {
        switch self {
        case .text: "a string in quotes"
        case .integer: "a whole number without quotes"
        case .toggle: "true or false without quotes"
        case .list, .command: "an array of strings"
        }
    }
}
