import CLinux
import Glibc

/// Hears from the kernel what happens in directories. Any thread may add and remove watches; one reads.
/// Source: inotify(7).
public final class Inotify: Sendable {
    /// What a directory is watched for, and what has happened.
    public struct Mask: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        private init(_ flag: Int32) {
            rawValue = UInt32(bitPattern: flag)
        }

        /// A file's bytes or length.
        public static let modified = Mask(IN_MODIFY)
        /// A file's mode, owner, times, and so on.
        public static let attributes = Mask(IN_ATTRIB)
        /// A file that was open for writing.
        public static let closedAfterWriting = Mask(IN_CLOSE_WRITE)
        public static let movedFrom = Mask(IN_MOVED_FROM)
        public static let movedTo = Mask(IN_MOVED_TO)
        public static let created = Mask(IN_CREATE)
        public static let deleted = Mask(IN_DELETE)
        /// The watched directory itself.
        public static let selfDeleted = Mask(IN_DELETE_SELF)

        /// Says of what happened that it happened to a directory.
        public static let isDirectory = Mask(IN_ISDIR)
        /// Events were lost: more came than the queue takes.
        public static let overflow = Mask(IN_Q_OVERFLOW)
        /// The file system of the directory was unmounted.
        public static let unmounted = Mask(IN_UNMOUNT)
        /// The watch is gone: it was removed, or its directory was. Its number is not used again.
        public static let ignored = Mask(IN_IGNORED)

        /// Everything that changes what a directory offers.
        public static let changes: Mask = [
            .modified, .attributes, .closedAfterWriting, .movedFrom, .movedTo, .created, .deleted, .selfDeleted,
        ]
    }

    /// Something that happened in a watched directory.
    public struct Event: Hashable, Sendable {
        /// Which watch; -1 for an overflow.
        public let watch: Int32
        public let mask: Mask
        /// The same number in the `movedFrom` and the `movedTo` of one rename.
        public let cookie: UInt32
        /// The entry it happened to, as raw bytes; empty if it happened to the directory itself.
        public let name: [UInt8]

        public init(watch: Int32, mask: Mask, cookie: UInt32 = 0, name: [UInt8] = []) {
            self.watch = watch
            self.mask = mask
            self.cookie = cookie
            self.name = name
        }
    }

    /// Read from the kernel at one time, in bytes: some thousand events.
    private static let readSize = 64 << 10
    /// What stands before a name: watch, mask, cookie, length of the name.
    private static let headerSize = 16

    private let descriptor: FileDescriptor
    public var rawValue: Int32 { descriptor.rawValue }

    /// - Throws: EMFILE when the user has as many instances as fs.inotify.max_user_instances allows.
    public init() throws(SystemError) {
        let flags = Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)
        descriptor = FileDescriptor(owning: try check("create", "an inotify instance") { inotify_init1(flags) })
    }

    /// Watches a directory, not what lies below it. Watching it again gives the same number.
    /// - Throws: ENOSPC when the user has as many watches as fs.inotify.max_user_watches allows.
    public func add(_ directory: Directory, _ mask: Mask = .changes) throws(SystemError) -> Int32 {
        // Through the open descriptor: a path could lead elsewhere by now. IN_EXCL_UNLINK: nothing more of files that
        // have no name here any more.
        let path = "/proc/self/fd/\(directory.rawValue)"
        let flags = mask.rawValue | UInt32(IN_ONLYDIR) | UInt32(IN_EXCL_UNLINK)
        return try check("watch", directory.path) { inotify_add_watch(descriptor.rawValue, path, flags) }
    }

    /// Nothing happens for a watch that is gone already.
    public func remove(_ watch: Int32) {
        _ = inotify_rm_watch(descriptor.rawValue, watch)
    }

    /// What has happened since the last call, or the first part of it; nothing if nothing has. Never waits.
    public func read() throws(SystemError) -> [Event] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Inotify.readSize, alignment: 8)
        defer { buffer.deallocate() }
        let count = retrying { Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
        if count < 0, errno == EAGAIN { return [] }
        guard count >= 0 else { throw SystemError("read from", on: "the inotify instance") }
        return Inotify.decode(UnsafeRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)]))
    }

    /// Takes events as read(2) gives them. What comes after one that is cut off is not looked at.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [Event] {
        var rest = bytes
        var events: [Event] = []
        while rest.count >= headerSize {
            let watch = rest.loadUnaligned(fromByteOffset: 0, as: Int32.self)
            let mask = rest.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            let cookie = rest.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            let length = Int(rest.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
            guard length <= rest.count - headerSize else { break }
            // The name is filled up with zeros, so that the next event is aligned.
            let name = rest[headerSize..<headerSize + length].prefix { $0 != 0 }
            events.append(Event(watch: watch, mask: Mask(rawValue: mask), cookie: cookie, name: Array(name)))
            rest = UnsafeRawBufferPointer(rebasing: rest[(headerSize + length)...])
        }
        return events
    }
}
