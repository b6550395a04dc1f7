import CLinux
import Glibc

/// An open directory, beneath which names are opened: never outside it, never through a link.
public final class Directory: Sendable {
    public let path: String
    let descriptor: FileDescriptor
    var rawValue: Int32 { descriptor.rawValue }

    /// Opens `path` itself, following links: it is the user's own choice of a directory.
    public init(path: String) throws(SystemError) {
        self.path = path
        descriptor = FileDescriptor(
            owning: try check("open directory", path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    private init(path: String, descriptor: consuming FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Makes `path` and the directories above it that are missing.
    public static func create(_ path: String, mode: UInt32 = 0o700) throws(SystemError) -> Directory {
        var made = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
        for component in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? component : "/" + component
            if mkdir(made, mode) == -1, errno != EEXIST { throw SystemError("make directory", on: made) }
        }
        return try Directory(path: path)
    }

    // RESOLVE_NO_MAGICLINKS is implied by RESOLVE_NO_SYMLINKS. Source: openat2(2).
    private static let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)

    /// - Throws: ELOOP for a link on the way, EXDEV for a way out, ENOENT and so on as open(2).
    public func openFile(_ name: String) throws(SystemError) -> FileDescriptor {
        // O_NONBLOCK: opening a pipe that nobody writes to must not wait. It has no effect on regular files.
        FileDescriptor(owning: try openBeneath(name, flags: O_RDONLY | O_NONBLOCK))
    }

    public func openDirectory(_ name: String) throws(SystemError) -> Directory {
        Directory(
            path: "\(path)/\(name)",
            descriptor: FileDescriptor(owning: try openBeneath(name, flags: O_RDONLY | O_DIRECTORY)))
    }

    /// Opens for reading and writing, making the file if it is missing.
    public func createFile(_ name: String, mode: UInt32 = 0o644) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try openBeneath(name, flags: O_RDWR | O_CREAT, mode: mode))
    }

    /// Makes a file, which must not be there yet, and opens it for writing. Source: O_EXCL, open(2), which follows no link
    /// in the last part of a path; a name without a slash has no other.
    /// - Parameter name: of one component.
    /// - Throws: EEXIST if something stands there.
    public func makeFile(_ name: String, mode: UInt32 = 0o644) throws(SystemError) -> FileDescriptor {
        let opened = try check("make", "\(path)/\(name)") {
            openat(descriptor.rawValue, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        }
        return FileDescriptor(owning: opened)
    }

    /// Opens a file that is there for reading and writing.
    public func openForWriting(_ name: String) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try openBeneath(name, flags: O_RDWR | O_NONBLOCK))
    }

    /// What the directory's file system has room for.
    public func freeSpace() throws(SystemError) -> FreeSpace {
        var info = statvfs()
        try check("ask for the free space of", path) { fstatvfs(descriptor.rawValue, &info) }
        return FreeSpace(info)
    }

    /// What stands at `name` itself: a link is not followed.
    /// - Returns: nil when nothing stands there.
    public func entry(_ name: String) throws(SystemError) -> (kind: FileKind, identity: FileIdentity)? {
        var info = stat()
        if fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) == 0 {
            return (FileKind(mode: info.st_mode), FileIdentity(info))
        }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw SystemError("stat", on: "\(path)/\(name)")
    }

    /// - Returns: nil when nothing stands at `name`.
    public func kind(of name: String) throws(SystemError) -> FileKind? {
        try entry(name)?.kind
    }

    /// Whether files can be renamed from here to `other`: the device alone does not tell, since one file system may be
    /// mounted in several places, as containers do, and rename(2) does not cross mounts.
    public func sharesMount(with other: Directory) throws(SystemError) -> Bool {
        let (own, others) = (clinux_mount_id(descriptor.rawValue), clinux_mount_id(other.descriptor.rawValue))
        if own != 0, others != 0 { return own == others }
        return try device() == other.device()
    }

    private func device() throws(SystemError) -> UInt64 {
        try FileIO.identity(of: descriptor.rawValue).identity.device
    }

    /// Whether its path still leads to it. Not so if it was moved or removed, or if its file system was unmounted or
    /// another mounted over it: then whoever looks at the path sees nothing of what is done here.
    public var isAtItsPath: Bool {
        var (own, there) = (stat(), stat())
        guard fstat(descriptor.rawValue, &own) == 0 else { return false }
        guard stat(path, &there) == 0 else { return errno != ENOENT && errno != ENOTDIR }
        return own.st_dev == there.st_dev && own.st_ino == there.st_ino
    }

    /// Looks whether this process may make names in it.
    /// - Throws: EACCES, EROFS and so on if it may not.
    public func checkTakesNames() throws(SystemError) {
        try check("put files into", path) { faccessat(descriptor.rawValue, ".", W_OK | X_OK, AT_EACCESS) }
    }

    /// - Returns: false if something stands at the name already.
    @discardableResult
    public func makeDirectory(_ name: String, mode: UInt32 = 0o755) throws(SystemError) -> Bool {
        if mkdirat(descriptor.rawValue, name, mode) == 0 { return true }
        guard errno == EEXIST else { throw SystemError("make directory", on: "\(path)/\(name)") }
        return false
    }

    /// Gives the directory these permissions, whatever the umask.
    public func setMode(_ mode: UInt16) throws(SystemError) {
        do throws(SystemError) { try FileIO.setMode(descriptor.rawValue, mode) } catch {
            throw SystemError(error.operation, on: path, code: error.code)
        }
    }

    public func remove(_ name: String) throws(SystemError) {
        try check("remove", "\(path)/\(name)") { unlinkat(descriptor.rawValue, name, 0) }
    }

    /// - Throws: ENOTEMPTY if something is in it.
    public func removeDirectory(_ name: String) throws(SystemError) {
        try check("remove the directory", "\(path)/\(name)") { unlinkat(descriptor.rawValue, name, AT_REMOVEDIR) }
    }

    /// Moves a file into `target`. Source: renameat2(2).
    /// - Parameter replacing: whether a file that stands there is replaced; otherwise that is EEXIST.
    public func rename(
        _ name: String, to target: Directory, as newName: String, replacing: Bool
    ) throws(SystemError) {
        let (from, to) = (descriptor.rawValue, target.descriptor.rawValue)
        let result = retrying {
            replacing ? renameat(from, name, to, newName) : clinux_rename_without_replacing(from, name, to, newName)
        }
        if result == 0 { return }
        // A file system without RENAME_NOREPLACE (EINVAL) still links without replacing.
        if !replacing, errno == EINVAL {
            try check("link to", "\(target.path)/\(newName)") { linkat(from, name, to, newName, 0) }
            try remove(name)
            return
        }
        throw SystemError("rename \(path)/\(name) to", on: "\(target.path)/\(newName)")
    }

    /// Gives a file of this directory a second name in it; EEXIST if something stands there. A link is not followed.
    public func link(_ name: String, as newName: String) throws(SystemError) {
        try check("link \(path)/\(name) to", "\(path)/\(newName)") {
            linkat(descriptor.rawValue, name, descriptor.rawValue, newName, 0)
        }
    }

    /// Makes the names in this directory durable.
    public func sync() throws(SystemError) {
        try check("sync directory", path) { fsync(descriptor.rawValue) }
    }

    /// Makes all durable that was written to this directory's file system, by whomever. Source: syncfs(2).
    public func syncFileSystem() throws(SystemError) {
        try check("sync the file system of", path) { clinux_sync_file_system(descriptor.rawValue) }
    }

    /// The names in this directory as raw bytes, without `.` and `..`, in no order.
    public func entries() throws(SystemError) -> [(name: [UInt8], kind: FileKind)] {
        let copy = try check("read directory", path) {
            openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(copy) else {
            let error = SystemError("read directory", on: path)
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        var found: [(name: [UInt8], kind: FileKind)] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [UInt8(ascii: ".")], name != [UInt8(ascii: "."), UInt8(ascii: ".")] {
                found.append((name, try kind(of: name, hint: Int32(entry.pointee.d_type))))
            }
            errno = 0
        }
        guard errno == 0 else { throw SystemError("read directory", on: path) }
        return found
    }

    /// Not every file system fills in the type.
    private func kind(of name: [UInt8], hint: Int32) throws(SystemError) -> FileKind {
        switch hint {
        case Int32(DT_REG): return .regular
        case Int32(DT_DIR): return .directory
        case Int32(DT_UNKNOWN): return try kind(of: String(decoding: name, as: UTF8.self)) ?? .other
        default: return .other
        }
    }

    func openBeneath(_ name: String, flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Int32 {
        let all = UInt64(flags | O_CLOEXEC | O_NOFOLLOW)
        let opened = try check("open", "\(path)/\(name)") {
            clinux_openat2(descriptor.rawValue, name, all, UInt64(mode), Directory.resolve)
        }
        return Int32(opened)
    }
}
