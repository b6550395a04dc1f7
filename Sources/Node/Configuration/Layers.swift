import Content

/// Where a value was given.
enum Origin: Equatable, Sendable {
    case flag
    case environment
    /// - Parameter line: counted from 1; nil if the key is written in a form that the line search does not follow.
    case file(path: String, line: Int?)
    case standard

    /// How a message names the setting as this origin gave it.
    func describe(_ name: SettingName) -> String {
        switch self {
        case .flag: name.flag ?? name.key
        case .environment: "\(name.variable) in the environment"
        case .file(let path, let line): "\(name.key) in \(path)" + (line.map { " line \($0)" } ?? "")
        case .standard: "the default of \(name.flag ?? name.key)"
        }
    }

    /// Who has to correct it: the caller of the command, or the one who configured the machine.
    var exit: DaemonExit {
        switch self {
        case .flag: .usage
        case .environment, .file, .standard: .configuration
        }
    }
}

/// What a source says of a setting, not yet read.
struct Answer: Equatable, Sendable {
    let texts: [String]
    let origin: Origin
}

/// A value, and who gave it.
struct Given<Value: Sendable>: Sendable {
    let value: Value
    let origin: Origin
}

/// One source of settings.
struct Layer: Sendable {
    let find: @Sendable (SettingName) -> Answer?

    static func flags(_ flags: Flags) -> Layer {
        Layer { name in flags.texts[name.key].map { Answer(texts: $0, origin: .flag) } }
    }

    /// An empty variable counts as not set. A list is separated by commas.
    static func environment(_ environment: [String: String]) -> Layer {
        Layer { name in
            guard name.isInEnvironment, let text = environment[name.variable], !text.isEmpty else { return nil }
            guard case .list = name.kind else { return Answer(texts: [text], origin: .environment) }
            let parts = text.utf8.split(separator: UInt8(ascii: ",")).map { part in
                String(decoding: part.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
            }
            return Answer(texts: parts, origin: .environment)
        }
    }

    static func file(_ file: ConfigurationFile) -> Layer {
        Layer { name in file.answer(name) }
    }

    static let standards = Layer { name in
        guard case .text(let text) = name.standard else { return nil }
        return Answer(texts: [text], origin: .standard)
    }
}

/// The sources in order of precedence: the first that names a setting decides it.
struct Layers: Sendable {
    let layers: [Layer]

    /// Flags, then the environment, then the file if one is named by either, then the defaults.
    ///
    /// - Parameter all: every setting that the file may name.
    init(flags: Flags, in surroundings: Surroundings, all: [SettingName]) throws(DaemonError) {
        let outer = Layers([.flags(flags), .environment(surroundings.environment)])
        guard let path = try outer.valueIfGiven(CommonSettings.configuration)?.value else {
            self.init(outer.layers + [.standards])
            return
        }
        let file = try ConfigurationFile(path: path, settings: all)
        self.init(outer.layers + [.file(file), .standards])
    }

    init(_ layers: [Layer]) {
        self.layers = layers
    }

    /// - Throws: the value is none of this setting's; the message names it and where it was given.
    func valueIfGiven<Value>(_ setting: Setting<Value>) throws(DaemonError) -> Given<Value>? {
        for layer in layers {
            guard let answer = layer.find(setting.name) else { continue }
            return try read(setting, answer)
        }
        return nil
    }

    /// - Parameter found: the default that only the running program knows, if the setting has no other.
    /// - Throws: also if nobody gives the setting and it has no default.
    func value<Value>(_ setting: Setting<Value>, found: String? = nil) throws(DaemonError) -> Given<Value> {
        if let given = try valueIfGiven(setting) { return given }
        if let found { return try read(setting, Answer(texts: [found], origin: .standard)) }
        throw DaemonError(
            "\(setting.name.flag ?? setting.name.key) is not given: \(setting.name.mentions)", exit: .usage)
    }

    private func read<Value>(_ setting: Setting<Value>, _ answer: Answer) throws(DaemonError) -> Given<Value> {
        guard !answer.texts.isEmpty || setting.mayBeEmpty else {
            throw DaemonError("\(answer.origin.describe(setting.name)): the list is empty", exit: answer.origin.exit)
        }
        do throws(SettingProblem) {
            return Given(value: try setting.parse(answer.texts), origin: answer.origin)
        } catch {
            let subject = answer.origin.describe(setting.name)
            let text = TerminalText.escape(String(error.text.prefix(200)))
            throw DaemonError("\(subject): \"\(text)\" \(error.reason)", exit: answer.origin.exit)
        }
    }
}

extension SettingName {
    /// Every way to give it, for a message that asks for it.
    var mentions: String {
        let flag = flag.map { "\($0) on the command line, " } ?? ""
        return "name it with \(flag)\(variable) in the environment or \(key) in the file of --config"
    }
}
