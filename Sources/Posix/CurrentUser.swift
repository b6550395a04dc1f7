import Glibc

/// The user that this process acts as.
public enum CurrentUser {
    /// The effective user id; 0 is root (geteuid(2)).
    public static var id: UInt32 { geteuid() }
}
