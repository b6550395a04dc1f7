/// One line typed at p2pctl's interactive prompt: a word, then for some the rest of the line as a file's name.
public enum PromptCommand: Equatable, Sendable {
    case nothing
    case req(name: String)
    case left
    case help
    case status
    case peers
    case files
    case downloads
    case cancel(name: String)
    case pause(name: String)
    case resume(name: String)
    case who(name: String)
    case bans
    case quit
    /// What to tell the person instead.
    case mistake(String)

    /// - Parameter line: without its `\n`. A name may have spaces inside; those around it are dropped.
    public init(line: String) {
        let words = line.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: true)
            .map { PromptCommand.trimmed(Substring($0)) }
        guard let word = words.first, !word.isEmpty else {
            self = .nothing
            return
        }
        self.init(word: word, rest: words.count > 1 ? words[1] : "")
    }

    private init(word: String, rest: String) {
        switch (word, rest.isEmpty) {
        case ("req", false): self = .req(name: rest)
        case ("cancel", false): self = .cancel(name: rest)
        case ("pause", false): self = .pause(name: rest)
        case ("resume", false): self = .resume(name: rest)
        case ("who", false): self = .who(name: rest)
        case ("req", true), ("cancel", true), ("pause", true), ("resume", true), ("who", true):
            self = .mistake("\(word) needs the name of a file: \(word) FILE")
        case ("left_peer", true), ("left", true): self = .left
        case ("help", _), ("?", _): self = .help
        case ("status", true): self = .status
        case ("peers", true): self = .peers
        case ("files", true): self = .files
        case ("downloads", true): self = .downloads
        case ("bans", true): self = .bans
        case ("quit", true), ("exit", true): self = .quit
        case ("left_peer", false), ("left", false), ("status", false), ("peers", false), ("files", false),
            ("downloads", false), ("bans", false), ("quit", false), ("exit", false):
            self = .mistake("\(word) takes nothing after it")
        case (_, _): self = .mistake("there is no command \(Quoted.text(word)); help lists them")
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == 13 }
        let head = text.utf8.drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(decoding: head[...last], as: UTF8.self)
    }

    /// The commands with what they do, for `help` at the prompt.
    public static let table = Table(
        columns: [.left(""), .left("")],
        rows: [
            ["  req FILE", "fetch FILE from the peers that have it; DIR/ is a whole directory"],
            ["  who FILE", "list the versions of FILE in the swarm, and who has them"],
            ["  left_peer", "leave the swarm and end the daemon (also: left)"],
            ["  status", "show the daemon at a glance"],
            ["  peers", "list the active peers"],
            ["  files", "list the files shared here"],
            ["  downloads", "list what is being fetched"],
            ["  pause FILE", "stop fetching FILE for now"],
            ["  resume FILE", "go on fetching FILE"],
            ["  cancel FILE", "give up fetching FILE, and delete what came of it"],
            ["  bans", "list the peers that are refused for wrong data"],
            ["  help", "show this list"],
            ["  quit", "end the prompt; the daemon goes on (also: Ctrl-D)"],
        ])
}
