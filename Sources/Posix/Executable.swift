import Glibc

/// Programs by their names.
public enum Executable {
    /// Where posix_spawnp(3) looks without a PATH.
    private static let standardPath = "/bin:/usr/bin"

    /// Whether `ChildProcess` would find the program if it were started now.
    ///
    /// - Parameters:
    ///   - program: a path, or a name without a slash to look up.
    ///   - searchPath: directories with colons between; an empty one is the current one.
    public static func isThere(_ program: String, searchPath: String?) -> Bool {
        if program.utf8.contains(UInt8(ascii: "/")) { return isExecutable(program) }
        let directories = (searchPath ?? standardPath).utf8.split(
            separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return !program.isEmpty
            && directories.contains {
                isExecutable("\($0.isEmpty ? "." : String(decoding: $0, as: UTF8.self))/\(program)")
            }
    }

    private static func isExecutable(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
