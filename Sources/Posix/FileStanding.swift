import CLinux
import Glibc

/// What stands at a name, without opening it.
public struct FileStanding: Hashable, Sendable {
    public let kind: FileKind
    public let identity: FileIdentity
    /// Names that the file has, here and elsewhere.
    public let linkCount: UInt64
    /// As stat(2) has it.
    public let mode: UInt32

    init(_ info: stat) {
        kind = FileKind(mode: info.st_mode)
        identity = FileIdentity(info)
        linkCount = UInt64(info.st_nlink)
        mode = info.st_mode
    }
}

extension Directory {
    /// Looks at `path` beneath this directory; a link is looked at, not followed, and none on the way is.
    /// - Returns: nil when nothing stands there.
    public func standing(at path: String) throws(SystemError) -> FileStanding? {
        do throws(SystemError) {
            // O_PATH: what may not be read can still be looked at.
            let found = FileDescriptor(owning: try openBeneath(path, flags: clinux_o_path))
            var info = stat()
            try check("stat", "\(self.path)/\(path)") { fstat(found.rawValue, &info) }
            return FileStanding(info)
        } catch {
            if error.isMissing || error.isNotADirectory || error.isOtherKind { return nil }
            throw error
        }
    }

    /// Looks at a name in this directory itself; a link is looked at, not followed.
    /// - Returns: nil when nothing stands there.
    public func standing(ofEntry name: String) throws(SystemError) -> FileStanding? {
        var info = stat()
        if retrying({ fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) }) == 0 {
            return FileStanding(info)
        }
        if errno == ENOENT { return nil }
        throw SystemError("stat", on: "\(path)/\(name)")
    }

    /// Looks at one of the names in this directory.
    /// - Returns: nil when it is gone.
    public func standing(at index: Int, of names: DirectoryNames) throws(SystemError) -> FileStanding? {
        var info = stat()
        let result = names.withName(at: index) { name in
            retrying { fstatat(descriptor.rawValue, name, &info, AT_SYMLINK_NOFOLLOW) }
        }
        if result == 0 { return FileStanding(info) }
        if errno == ENOENT { return nil }
        throw SystemError("stat an entry of", on: path)
    }
}
