/// The caps of what touches the disk. Sizes are bytes.
public enum StorageLimits {
    /// Hashed in one step of indexing, so that a worker is back soon for what is urgent.
    public static let indexStep = 16 << 20
    /// Directories below the share, one in another.
    public static let depthMax = 64
    /// Seconds to wait for another program that looks into the database.
    static let databaseBusySeconds = 5.0
    /// The database's log is cut to this after it has grown beyond it in one large transaction.
    static let databaseLogBytesMax = 16 << 20
}
