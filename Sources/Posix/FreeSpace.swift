import Glibc

/// What a file system has room for.
public struct FreeSpace: Hashable, Sendable {
    /// Bytes that this user may still take; quotas and what is kept for root do not count. Source: statvfs(3), f_bavail.
    public let available: UInt64
    /// Bytes in all.
    public let total: UInt64
    /// Whether this user may make another file. A file system that does not count its inodes says 0 of 0: it makes them as
    /// they are needed. Source: statvfs(3), f_files, f_favail.
    public let takesFiles: Bool

    init(_ info: statvfs) {
        available = FreeSpace.bytes(info.f_bavail, each: info.f_frsize)
        total = FreeSpace.bytes(info.f_blocks, each: info.f_frsize)
        takesFiles = info.f_files == 0 || info.f_favail > 0
    }

    private static func bytes(_ count: some BinaryInteger, each size: some BinaryInteger) -> UInt64 {
        let (product, overflow) = UInt64(count).multipliedReportingOverflow(by: UInt64(size))
        return overflow ? .max : product
    }
}
