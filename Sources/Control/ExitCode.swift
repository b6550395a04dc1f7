/// How `p2pctl` ends: one number for each cause, the same in its exit status and in the `exit` of a failure.
///
/// 64 to 76 have the meanings of sysexits.h nearest to them, 124 that of timeout(1), 130 and 141 those of a shell after
/// SIGINT and SIGPIPE.
public enum ExitCode: Int32, CaseIterable, Codable, Sendable {
    case done = 0
    case usage = 64
    case integrity = 65
    case notFound = 66
    case unreachable = 69
    case exists = 73
    case disk = 74
    case gone = 75
    case conflict = 76
    case timedOut = 124
    case interrupted = 130
    case outputClosed = 141

    /// One line for people, without a full stop.
    public var meaning: String {
        switch self {
        case .done: "done, or the file was already here"
        case .usage: "usage: a command, option or name that cannot be right"
        case .integrity: "integrity: no honest holder of the root, or a shared file has rotted"
        case .notFound: "nobody has it, or nothing of that name is being fetched"
        case .unreachable: "the daemon cannot be reached, or went away"
        case .exists: "a file of that name with other content is here; --force replaces it"
        case .disk: "disk error, or no room left: errno 28 (ENOSPC) tells a full disk apart"
        case .gone: "no holder is left; what came is kept and goes on when one returns"
        case .conflict: "holders have different versions; --root or --newest chooses one"
        case .timedOut: "timed out while asking"
        case .interrupted: "interrupted (the download goes on in the daemon), or it was cancelled or paused"
        case .outputClosed: "the reader of --stdout went away (the download goes on in the daemon)"
        }
    }

    /// All codes with their meanings, one a line, aligned: for `--help` and the README.
    public static var table: String {
        Table(
            columns: [.right(""), .left("")],
            rows: allCases.map { ["  \($0.rawValue)", $0.meaning] }
        ).lines.joined(separator: "\n")
    }
}
