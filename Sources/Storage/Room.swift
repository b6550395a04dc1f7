import Posix

/// Whether a file system has room for a file.
public enum Room: Hashable, Sendable {
    case enough
    /// Bytes that have to become free first.
    case missing(UInt64)

    /// - Parameters:
    ///   - bytes: wanted.
    ///   - minFree: bytes that have to stay free beside them.
    public init(for bytes: UInt64, keeping minFree: UInt64, available: UInt64) {
        let (sum, overflow) = bytes.addingReportingOverflow(minFree)
        let needed = overflow ? .max : sum
        self = needed <= available ? .enough : .missing(needed - available)
    }
}

extension PartialStore {
    /// Whether a file fits among the partial files. Quotas are not asked: they show when the space is reserved.
    /// - Parameters:
    ///   - bytes: of a new file. One that is there already has its space.
    ///   - minFree: bytes that have to stay free.
    public func room(for bytes: UInt64, keeping minFree: UInt64) throws(SystemError) -> Room {
        Room(for: bytes, keeping: minFree, available: try directory.freeSpace().available)
    }
}
