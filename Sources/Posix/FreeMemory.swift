import CLinux

/// What the process has freed and the allocator keeps.
public enum FreeMemory {
    /// Gives it back to the system. It takes some milliseconds: after work that took far more memory than what follows.
    /// Source: malloc_trim(3).
    public static func giveBack() {
        malloc_trim(0)
    }
}
