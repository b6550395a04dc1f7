/// Where a peer's control socket lies when nobody says otherwise: the daemon and its client both ask here, so that
/// `p2pctl` finds the peers of the user that runs it. Pure: nothing here looks at the disk.
///
/// Sources: https://specifications.freedesktop.org/basedir-spec/latest/, file-hierarchy(7), unix(7).
public enum ControlSocketPath {
    /// Bytes that a path may have: `sun_path` holds 108 and the last is NUL (unix(7)).
    public static let maxBytes = 107

    /// The socket of the peer on `port`: `/run/p2pd/peer-PORT.sock` for root, `$XDG_RUNTIME_DIR/p2pd/peer-PORT.sock`
    /// for others, and where there is no runtime directory, `peer-PORT.sock` beside the peer's state directory.
    ///
    /// - Parameters:
    ///   - port: the peer's listening port.
    ///   - environment: the process's variables.
    ///   - userID: the effective user; 0 is root.
    /// - Returns: an absolute path, or nil if the environment names neither a runtime directory nor a home. It may be
    ///   longer than `maxBytes`.
    public static func defaultForPeer(port: UInt16, environment: [String: String], userID: UInt32) -> String? {
        directory(environment: environment, userID: userID).map { "\($0)/peer-\(port).sock" }
    }

    /// The directories in which to look for `peer-*.sock` when no socket is named, the likeliest first.
    ///
    /// - Returns: the directory of the user's own peers, then that of the system's; they may not exist.
    public static func candidates(environment: [String: String], userID: UInt32) -> [String] {
        let own = directory(environment: environment, userID: userID)
        return [own, systemDirectory].compactMap { $0 }.reduce(into: []) { directories, next in
            if !directories.contains(next) { directories.append(next) }
        }
    }

    /// `$XDG_STATE_HOME`, or `~/.local/state`.
    ///
    /// - Returns: nil if the environment has neither; a relative path counts as none, as the specification asks.
    public static func stateHome(environment: [String: String]) -> String? {
        if let stateHome = absolute(environment["XDG_STATE_HOME"]) { return stateHome }
        return absolute(environment["HOME"]).map { "\($0)/.local/state" }
    }

    private static let systemDirectory = "/run/p2pd"

    private static func directory(environment: [String: String], userID: UInt32) -> String? {
        if userID == 0 { return systemDirectory }
        return (absolute(environment["XDG_RUNTIME_DIR"]) ?? stateHome(environment: environment)).map { "\($0)/p2pd" }
    }

    private static func absolute(_ path: String?) -> String? {
        guard let path, path.utf8.first == UInt8(ascii: "/") else { return nil }
        return path
    }
}
