/// What a nonblocking read or write did. "Would block" is an answer, not an error.
public enum Transferred: Equatable, Sendable {
    /// At least one byte.
    case bytes(Int)
    case wouldBlock
    /// The other end will send no more; for `sendfile`, the file ended early.
    case endOfStream
}
