import Logging

/// Stands where the peer daemon will stand.
public enum PeerDaemon {
    public static func run(_ settings: PeerSettings, logger: Logger) throws(DaemonError) -> Int32 { 0 }
}
