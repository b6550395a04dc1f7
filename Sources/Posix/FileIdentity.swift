import Glibc

/// What tells that a file is still the one that was hashed.
public struct FileIdentity: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    /// Bytes.
    public let size: UInt64
    /// When the bytes were last written, in nanoseconds since 1970; whoever may write to the file may also set it.
    public let modified: Int64
    /// When anything about the file last changed, in nanoseconds since 1970: its bytes, its mode, its names. Only the
    /// kernel sets it.
    public let changed: Int64

    public init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    init(_ info: stat) {
        self.init(
            device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: UInt64(max(0, info.st_size)),
            modified: FileIdentity.nanoseconds(info.st_mtim), changed: FileIdentity.nanoseconds(info.st_ctim))
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Whether the bytes are still the same as far as can be told without `changed`, which a new mode, another name or a
    /// hard link alters too: none of them may end an upload that is under way.
    public func hasSameBytes(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
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
