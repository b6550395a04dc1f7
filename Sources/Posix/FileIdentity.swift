import Glibc

/// What tells that a file is still the one that was hashed.
public struct FileIdentity: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    /// Bytes.
    public let size: UInt64
    /// Nanoseconds since 1970.
    public let modified: Int64

    init(_ info: stat) {
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        size = UInt64(max(0, info.st_size))
        modified = Int64(info.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(info.st_mtim.tv_nsec)
    }

    /// Seconds since 1970.
    public var modifiedSeconds: Int64 { modified / 1_000_000_000 }
}

/// What stands at a path.
public enum FileKind: Sendable, Equatable {
    case regular
    case directory
    /// A link, device, pipe or socket: never followed, never shared.
    case other

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        default: self = .other
        }
    }
}
