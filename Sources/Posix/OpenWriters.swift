import CLinux

/// Who has a file open for writing.
public enum OpenWriters {
    /// Whether anybody has, also by a mapping. A file that is opened for writing while this looks waits for it to end;
    /// only who will not wait (O_NONBLOCK) is refused then, and has to try again.
    /// - Parameter file: open for reading only.
    /// - Returns: nil where it cannot be told: the file is another user's and this process not privileged, or its file
    ///   system knows no leases, as those on a network.
    public static func exist(for file: Int32) -> Bool? {
        switch clinux_has_writer(file) {
        case 0: false
        case 1: true
        default: nil
        }
    }
}
