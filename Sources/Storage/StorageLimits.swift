/// The caps of what touches the disk. Sizes are bytes.
public enum StorageLimits {
    /// Hashed in one step of indexing, so that a worker is back soon for what is urgent.
    public static let indexStep = 16 << 20
    /// Directories below the share, one in another.
    public static let depthMax = 64
}
