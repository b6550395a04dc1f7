import Glibc

/// The end of this process.
public enum ProcessEnd {
    /// Ends it at once: nothing is cleaned up, for threads that still run might be using it. Source: _exit(2).
    public static func now(_ code: Int32) -> Never { _exit(code) }
}
