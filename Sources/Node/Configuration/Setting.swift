/// One thing that can be configured: what it is called in each source, what it may be, and what it is when nobody says.
///
/// Flags, environment, file, defaults and help texts are all read from the same tables of these (`ManagerSettings.all`,
/// `PeerSettings.all`).
public struct Setting<Value: Sendable>: Sendable {
    public let name: SettingName
    /// Reads the texts of one source: one text, or for a list as many as there are.
    let parse: @Sendable ([String]) throws(SettingProblem) -> Value
    /// A list of nothing is a value too.
    let mayBeEmpty: Bool

    /// A setting of one value.
    init(_ name: SettingName, _ parse: @escaping @Sendable (String) throws(SettingProblem) -> Value) {
        self.name = name
        mayBeEmpty = false
        self.parse = { (texts: [String]) throws(SettingProblem) -> Value in try parse(texts.last ?? "") }
    }

    /// A setting of several values.
    init<Element>(
        list name: SettingName, mayBeEmpty: Bool = false,
        _ parse: @escaping @Sendable (String) throws(SettingProblem) -> Element
    ) where Value == [Element] {
        self.name = name
        self.mayBeEmpty = mayBeEmpty
        self.parse = { (texts: [String]) throws(SettingProblem) -> [Element] in
            var values: [Element] = []
            for text in texts { values.append(try parse(text)) }
            return values
        }
    }

    /// A setting that is a program and its arguments; none of them is no program.
    init(command name: SettingName) where Value == [String] {
        self.name = name
        mayBeEmpty = true
        parse = { (texts: [String]) throws(SettingProblem) -> [String] in
            guard let program = texts.first else { return [] }
            guard !program.isEmpty else { throw SettingProblem(program, "is not a program") }
            return texts
        }
    }
}

/// A setting without its type: what the sources and the help texts need to know of it.
public struct SettingName: Sendable {
    /// The key in the file, in lower case with underscores; the other names derive from it.
    public let key: String
    let place: SettingPlace
    let kind: SettingKind
    let standard: SettingStandard
    let summary: String

    /// The variable in the environment: `log_level` is `P2PD_LOG_LEVEL`.
    public var variable: String { "P2PD_" + key.uppercased() }

    /// The name on the command line, if it has one: `--log-level`, or `PORT` for an argument.
    public var flag: String? {
        switch place {
        case .option: "--" + String(decoding: key.utf8.map { $0 == UInt8(ascii: "_") ? 45 : $0 }, as: UTF8.self)
        case .argument(let name): name
        case .nowhere: nil
        }
    }

    /// A list in a variable has commas between, which arguments may have inside.
    var isInEnvironment: Bool { kind != .command }

    /// A sentence or two for `--help`, true because it is made from the table.
    public var help: String {
        "\(summary) (\(isInEnvironment ? "environment: \(variable)" : "only in the file"); \(standard.help))"
    }
}

/// Where a setting stands on the command line.
enum SettingPlace: Sendable {
    case option
    case argument(String)
    case nowhere
}

/// What a setting's value looks like in the file.
enum SettingKind: Sendable {
    case text
    case integer
    case toggle
    case list
    /// An argument vector: a program and what it is given, as they are.
    case command
}

/// What a setting is when no source names it.
enum SettingStandard: Sendable {
    /// Must be given.
    case required
    /// The text, read like any other source's.
    case text(String)
    /// Found when the program starts; the words are for the help text.
    case found(String)

    var help: String {
        switch self {
        case .required: "required"
        case .text(let text): "default: \(text)"
        case .found(let words): "default: \(words)"
        }
    }
}

/// Why a text is no value of a setting: `"text" reason` is a sentence.
struct SettingProblem: Error, Equatable {
    let text: String
    let reason: String

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }
}
