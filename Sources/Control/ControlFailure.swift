/// Why a request came to nothing, with what a person or a script needs to go on.
///
/// On the wire this is the `data` of a JSON-RPC error, whose code is -32000 less the exit code.
public struct ControlFailure: Error, Equatable, Sendable {
    public let cause: Cause
    /// What was attempted, on what, why it failed and what to do. May hold names from other machines, unescaped.
    public let message: String
    /// The system's error number (errno(3)), when the system refused; 28 is a full disk.
    public let errno: Int32?
    /// For `conflict`: what there is to choose from.
    public let versions: [VersionInfo]?

    public init(_ cause: Cause, _ message: String, errno: Int32? = nil, versions: [VersionInfo]? = nil) {
        self.cause = cause
        self.message = message
        self.errno = errno
        self.versions = versions
    }

    /// What `p2pctl` exits with.
    public var exit: ExitCode { cause.exit }

    /// JSON-RPC error code.
    public var code: Int { -32000 - Int(exit.rawValue) }
}

extension ControlFailure {
    /// A word for each cause; more than one may share an exit code.
    public enum Cause: String, CaseIterable, Codable, Sendable {
        case usage
        /// No honest holder of the asked root.
        case integrity
        /// A shared file's bytes changed on the disk though nobody changed the file.
        case rotten
        /// Every peer answered, none has the name or root.
        case notFound = "not-found"
        /// Nothing of that name is being downloaded.
        case noDownload = "no-download"
        /// `p2pctl` could not reach the daemon, or lost it.
        case unreachable
        /// The daemon is ending.
        case leaving
        /// The daemon is at one of its limits and takes no more of this.
        case busy
        /// The name is taken by other content, which can be replaced.
        case exists
        /// Something stands in the way that is not replaced, whoever asks for it.
        case occupied
        case disk
        case diskFull = "disk-full"
        /// Holders are gone; the download can resume.
        case gone
        case conflict
        /// The ask window closed without an answer.
        case timedOut = "timeout"
        /// Someone cancelled the download.
        case cancelled
        /// `p2pctl` was interrupted; the download goes on.
        case interrupted
        /// Whoever read `req --stdout` went away.
        case outputClosed = "output-closed"

        public var exit: ExitCode {
            switch self {
            case .usage: .usage
            case .integrity, .rotten: .integrity
            case .notFound, .noDownload: .notFound
            case .unreachable, .leaving, .busy: .unreachable
            case .exists, .occupied: .exists
            case .disk, .diskFull: .disk
            case .gone: .gone
            case .conflict: .conflict
            case .timedOut: .timedOut
            case .cancelled, .interrupted: .interrupted
            case .outputClosed: .outputClosed
            }
        }
    }
}

extension ControlFailure: Codable {
    private enum CodingKeys: String, CodingKey {
        case cause, errno, exit, message, versions
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        cause = try fields.decode(Cause.self, forKey: .cause)
        message = try fields.decode(String.self, forKey: .message)
        errno = try fields.decodeIfPresent(Int32.self, forKey: .errno)
        versions = try fields.decodeIfPresent([VersionInfo].self, forKey: .versions)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(exit, forKey: .exit)
        try fields.encode(cause, forKey: .cause)
        try fields.encode(message, forKey: .message)
        try fields.encodeIfPresent(errno, forKey: .errno)
        try fields.encodeIfPresent(versions, forKey: .versions)
    }
}

extension ControlFailure {
    /// Everybody was asked, and nobody has it.
    /// - Parameters:
    ///   - root: of the version that was asked for.
    ///   - banned: how many were not asked.
    ///   - refusing: of those asked, how many refuse to talk to this peer.
    public static func nobody(
        _ name: String, root: String? = nil, asked: Int, banned: Int, refusing: Int = 0
    ) -> ControlFailure {
        let what = root.map { "root \($0), asked for as \(name)" } ?? name
        let advice =
            root == nil
            ? "check the name (a directory's ends in /), or see `p2pctl peers`"
            : "check the root: `p2pctl who` lists those of a name"
        var whom: [String] = []
        if asked > 0 { whom.append(asked == 1 ? "1 peer was asked" : "\(asked) peers were asked") }
        if refusing > 0 {
            whom.append("\(refusing) refused this peer, for wrong bytes that came from here (see `p2pctl verify`)")
        }
        if banned > 0 { whom.append("\(BansText.notAsked(banned)) (see `p2pctl bans`)") }
        if whom.isEmpty { whom.append("no other peer is active") }
        return ControlFailure(.notFound, "nobody has \(what): \(whom.joined(separator: ", ")); \(advice)")
    }

    /// Not everybody answered in time, and nobody has it.
    /// - Parameter advice: what else to do than to try again.
    public static func silence(_ name: String, silent: Int, asked: Int, advice: String) -> ControlFailure {
        ControlFailure(
            .timedOut,
            "asking for \(name) timed out: \(silent) of \(asked) peers did not answer, and none of the others has it; try "
                + "again, or \(advice)")
    }

    /// A directory that is there, and that nobody can offer as one version.
    public static func unfit(_ name: String, at addresses: [String]) -> ControlFailure {
        let verb = addresses.count == 1 ? "has" : "have"
        return ControlFailure(
            .notFound,
            "nobody offers \(name): \(addresses.joined(separator: ", ")) \(verb) it and cannot offer it as a whole; "
                + "`p2pctl files` there says why")
    }
}

extension ControlFailure: CustomStringConvertible {
    public var description: String { message }
}

/// One of several contents that the swarm has under one name.
public struct VersionInfo: Codable, Equatable, Sendable {
    /// 64 hexadecimal digits.
    public let root: String
    /// Bytes.
    public let length: UInt64
    /// Seconds since 1970, the newest among the holders; nil when none said.
    public let modified: Int64?
    /// Addresses of the peers that have this version.
    public let holders: [String]

    public init(root: String, length: UInt64, modified: Int64?, holders: [String]) {
        self.root = root
        self.length = length
        self.modified = modified
        self.holders = holders
    }
}
