import Content
import Posix

/// A file that has its name in the share.
public struct DeliveredFile: Sendable {
    public let file: IndexedFile
    /// What the file is called now whose place it took, if that was to be kept.
    public let backup: ShareName?
    /// Directories that were made for it.
    public let made: Set<ShareName>

    public init(file: IndexedFile, backup: ShareName?, made: Set<ShareName> = []) {
        self.file = file
        self.backup = backup
        self.made = made
    }
}

/// Why a file was not delivered. Its partial file is still there, and so is whatever stood at its name.
public enum DeliveryError: Error, Hashable {
    /// Something stands at its name that is not to be replaced.
    case occupied(SystemError)
    /// The shared file that was to be repaired is somebody's new work by now.
    case changed(SystemError)
    /// The partial file does not have what a repair needs: somebody wrote to it.
    case damaged(SystemError)
    /// Somebody else wrote to the partial file: all its pieces are in doubt.
    case touched(SystemError)
    /// Another file stands at the partial file's path, or none.
    case displaced(SystemError)
    /// The pieces that were stored since the last sync are lost.
    case unsynced(SyncError)
    /// It could not be dressed or given its name: its pieces are as they were.
    case failed(SystemError)
    /// The same, as the file system has no inode for it or for a directory above it.
    case withoutInode(SystemError)

    public var system: SystemError {
        switch self {
        case .occupied(let error), .changed(let error), .damaged(let error), .touched(let error), .displaced(let error),
            .failed(let error), .withoutInode(let error):
            error
        case .unsynced(let error): error.system
        }
    }
}

extension DeliveryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .occupied(let error), .changed(let error), .damaged(let error), .touched(let error), .displaced(let error),
            .failed(let error), .withoutInode(let error):
            "\(error)"
        case .unsynced(let error): "\(error)"
        }
    }
}

extension PartialStore {
    /// Gives a whole file its name in the share.
    ///
    /// The order is what makes it crash-proof: the bytes are durable before the name is, and the name before success is
    /// reported.
    /// - Parameters:
    ///   - replacing: take the place of a file that stands there.
    ///   - keepingBackup: keep that file as `NAME.~N~`.
    ///   - modified: when the version was last written at its holders, in seconds since 1970; nil and a time to come
    ///     stand for now.
    ///   - mode: nil leaves the one that a new file has.
    ///   - sync: false leaves both to the kernel's own time, for data that may be lost.
    public func deliver(
        _ partial: PartialFile, replacing: Bool, keepingBackup: Bool, modified: Int64?, mode: FileMode? = nil,
        sync: Bool
    ) throws(DeliveryError) -> DeliveredFile {
        do throws(SystemError) {
            try partial.dress(modified: PartialStore.nanoseconds(modified), mode: mode)
        } catch {
            throw .failed(error)
        }
        if sync {
            do throws(SyncError) { try partial.sync() } catch { throw .unsynced(error) }
        }
        var made: Set<ShareName> = []
        do throws(DeliveryError) {
            // A directory that the file's tree had made, and that somebody has removed: see `TreeFiles.open`.
            let (parent, last) = try attempt { () throws(SystemError) in
                try share.makeParent(
                    of: partial.name, sync: sync, mode: mode == nil ? 0o755 : 0o700, made: &made)
            }
            try checkIsUntouched(partial)
            let backup = try attempt { () throws(SystemError) in
                try place(partial, in: parent, last, replacing: replacing, keepingBackup: keepingBackup, sync: sync)
            }
            let file = IndexedFile(
                name: partial.name, root: partial.root, identity: try attempt(partial.delivered), layer: partial.layer)
            return DeliveredFile(file: file, backup: backup, made: mode == nil ? made : [])
        } catch {
            // It goes on being a partial file, perhaps the next daemon's.
            partial.setSeal()
            // What lacks is looked at first: removing them makes room.
            let error = withoutInode(error)
            share.remove(share.remains(ofDirectories: made))
            throw error
        }
    }

    private func withoutInode(_ error: DeliveryError) -> DeliveryError {
        guard case .failed(let system) = error, system.isOutOfSpace, let space = try? share.directory.freeSpace(),
            !space.takesFiles
        else { return error }
        return .withoutInode(system)
    }

    private func attempt<R>(_ body: () throws(SystemError) -> R) throws(DeliveryError) -> R {
        do throws(SystemError) { return try body() } catch {
            throw error.alreadyExists ? .occupied(error) : .failed(error)
        }
    }

    private func checkIsUntouched(_ partial: PartialFile) throws(DeliveryError) {
        let standing = try attempt { () throws(SystemError) in try partial.check() }
        let error = SystemError("deliver", on: partial.file.path, code: SystemError.deviceFailure)
        switch standing {
        case .untouched: return
        case .touched: throw .touched(error)
        case .displaced: throw .displaced(error)
        }
    }

    private static func nanoseconds(_ modified: Int64?) -> Int64 {
        let now = WallClock.nanoseconds()
        guard let modified else { return now }
        let (product, overflow) = modified.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return modified < 0 ? 0 : now }
        return min(product, now)
    }

    private func place(
        _ partial: PartialFile, in parent: Directory, _ last: String, replacing: Bool, keepingBackup: Bool, sync: Bool
    ) throws(SystemError) -> ShareName? {
        let backup = try rename(
            partial.fileName, to: parent, last, of: partial.name, replacing: replacing, keepingBackup: keepingBackup,
            sync: sync)
        if sync { try parent.sync() }
        return backup
    }

    /// Gives a partial file its name, and what stood there another if that is wanted.
    /// - Parameters:
    ///   - parent: the directory of `name`, and `last` its name there.
    ///   - sync: make the second name of what stood there durable before it loses the first.
    /// - Returns: what that is called now.
    func rename(
        _ fileName: String, to parent: Directory, _ last: String, of name: ShareName, replacing: Bool,
        keepingBackup: Bool, sync: Bool
    ) throws(SystemError) -> ShareName? {
        try share.checkIsThere()
        let stands = replacing && keepingBackup ? try parent.kind(of: last) : nil
        // A directory cannot be replaced; to try tells so.
        let backup = stands == nil || stands == .directory ? nil : try Backup(of: name, in: parent, sync: sync)
        // What has come to the name after a look showed nothing there has no backup, and is not replaced.
        let isReplacing = replacing && (!keepingBackup || stands != nil) && backup?.way != .moved
        do throws(SystemError) {
            try directory.rename(fileName, to: parent, as: last, replacing: isReplacing)
        } catch {
            backup?.undo()
            throw error
        }
        return backup?.name
    }
}
