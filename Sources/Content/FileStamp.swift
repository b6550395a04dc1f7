/// How a file stood on the disk when its bytes were last known. Together with its length it tells that the file is still
/// the same; it means nothing on another machine.
public struct FileStamp: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    /// When its bytes were last written, in nanoseconds since 1970.
    public let modified: Int64
    /// When anything about it last changed, in nanoseconds since 1970.
    public let changed: Int64

    public init(device: UInt64, inode: UInt64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.modified = modified
        self.changed = changed
    }

    /// Of a file that is not what it was known as, though it stands as it did: it fits no file, and still tells when this
    /// one last changed.
    public var ofRot: FileStamp {
        FileStamp(device: device, inode: inode, modified: modified, changed: ~changed)
    }
}
