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
    /// Bytes in which the space is given out. A network file system may tell the size of its transfers instead, as NFS
    /// does: what is above 64 KiB counts as one page. Source: statvfs(3), f_frsize.
    public let blockSize: UInt64

    init(_ info: statvfs) {
        available = FreeSpace.bytes(info.f_bavail, each: info.f_frsize)
        total = FreeSpace.bytes(info.f_blocks, each: info.f_frsize)
        blockSize = 1...FreeSpace.blockMax ~= UInt64(info.f_frsize) ? UInt64(info.f_frsize) : FreeSpace.page
        takesFiles = info.f_files == 0 || info.f_favail > 0
    }

    private static let blockMax: UInt64 = 64 << 10
    private static let page: UInt64 = 4096

    private static func bytes(_ count: some BinaryInteger, each size: some BinaryInteger) -> UInt64 {
        let (product, overflow) = UInt64(count).multipliedReportingOverflow(by: UInt64(size))
        return overflow ? .max : product
    }
}
