import Testing

/// The programs as their users run them: real processes, sockets and files. One test at a time, since each of them
/// keeps the machine busy enough.
@Suite(.serialized)
enum EndToEnd {
    static let mebibyte = 1 << 20
    /// Long enough that a transfer is still going on when a test that saw it begin does something to it.
    static let longFile = 512 * mebibyte
    /// Settings of a manager that soon takes silence for death.
    static let impatience = ["heartbeat_seconds = 1", "silence_seconds = 3"]
}
