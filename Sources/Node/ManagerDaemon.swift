import Logging

/// Stands where the manager daemon will stand.
public enum ManagerDaemon {
    public static func run(_ settings: ManagerSettings, logger: Logger) throws(DaemonError) -> Int32 { 0 }
}
