import CLinux
import Content
import Control
import Glibc

/// A file outside the share, for `req --output`: written beside its place under another name, synced, then renamed, so
/// that it is there whole or not at all.
struct OutputFile {
    /// Between two looks at whether Ctrl-C was pressed.
    private static let stepBytes = 64 << 20

    /// Versions that are kept of one file.
    private static let backupsMax = 1000

    let path: String
    private let replaces: Bool
    private let keepsBackup: Bool
    private let syncs: Bool

    /// - Throws: `exists` if something is there that may not be replaced, so that nothing is fetched in vain.
    init(path: String, force: Bool, backup: Bool, sync: Bool) throws(ControlFailure) {
        self.path = path
        replaces = force
        keepsBackup = backup
        syncs = sync
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw ControlFailure(.exists, "\(path) is a directory; name the file itself with --output")
            }
            guard [S_IFREG, S_IFLNK].contains(status.st_mode & S_IFMT) else {
                throw ControlFailure(.exists, "\(path) is no regular file; write to it with --stdout > \(path)")
            }
            guard force else { throw isThere }
        }
        guard access(directory, W_OK | X_OK) == 0 else { throw failure("write into \(directory)", errno) }
    }

    /// Copies a file to the place: shares its blocks where the file system can, else copies within the kernel.
    /// - Parameters:
    ///   - source: a path.
    ///   - length: bytes that it must have.
    /// - Returns: where what was there before is now, if it is kept.
    func copy(of source: String, length: UInt64, _ interrupt: borrowing Interrupt) throws(ControlFailure) -> String? {
        let from = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard from >= 0 else { throw failure("read \(source)", errno) }
        defer { close(from) }
        var status = stat()
        guard fstat(from, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == length else {
            throw changed(source)
        }
        let temporary = "\(directory)/.p2pctl-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let to = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0o777)
        guard to >= 0 else { throw failure("make \(temporary)", errno) }
        defer { close(to) }
        let backup: String?
        do throws(ControlFailure) {
            try fill(to, from: from, of: source, length, interrupt)
            if syncs, fsync(to) != 0 { throw failure("sync \(temporary)", errno) }
            backup = replaces && keepsBackup ? try keep() : nil
            try move(temporary)
        } catch {
            unlink(temporary)
            throw error
        }
        if syncs { try syncDirectory() }
        return backup
    }

    /// What is there gets a second name before it loses the first, as in a share.
    /// - Returns: that name; nil if nothing is there.
    private func keep() throws(ControlFailure) -> String? {
        for number in 1...OutputFile.backupsMax {
            let backup = "\(path).~\(number)~"
            if link(path, backup) == 0 || canOnlyMove(errno) && moved(to: backup) { return backup }
            if errno == ENOENT { return nil }
            guard errno == EEXIST else { throw failure("keep \(path) as \(backup)", errno) }
        }
        throw failure("keep one more version of \(path)", EEXIST)
    }

    private func canOnlyMove(_ code: Int32) -> Bool { [EPERM, EOPNOTSUPP, EMLINK].contains(code) }

    private func moved(to backup: String) -> Bool {
        clinux_rename_without_replacing(AT_FDCWD, path, AT_FDCWD, backup) == 0
    }

    private func fill(
        _ to: Int32, from: Int32, of source: String, _ length: UInt64, _ interrupt: borrowing Interrupt
    ) throws(ControlFailure) {
        var rest = length
        while rest > 0 {
            if interrupt.hasCome {
                throw ControlFailure(.interrupted, "interrupted; the file is in the share, but not at \(path)")
            }
            let count = clinux_copy(from, to, Int(min(rest, UInt64(OutputFile.stepBytes))))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("copy \(source) to \(path)", errno) }
            guard count > 0 else { throw changed(source) }
            rest -= UInt64(count)
        }
    }

    private func move(_ temporary: String) throws(ControlFailure) {
        if replaces {
            guard rename(temporary, path) == 0 else { throw failure("put the copy at \(path)", errno) }
            return
        }
        if clinux_rename_without_replacing(AT_FDCWD, temporary, AT_FDCWD, path) == 0 { return }
        // Some file systems cannot rename so; a hard link never replaces either.
        if errno == EINVAL, link(temporary, path) == 0 {
            unlink(temporary)
            return
        }
        throw errno == EEXIST ? isThere : failure("put the copy at \(path)", errno)
    }

    private func syncDirectory() throws(ControlFailure) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("sync \(directory)", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync \(directory)", errno) }
    }

    private var directory: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private var isThere: ControlFailure { ControlFailure(.exists, "\(path) is there already; --force replaces it") }

    private func changed(_ source: String) -> ControlFailure {
        ControlFailure(.disk, "\(source) was changed before it could be copied to \(path); ask for it again")
    }

    private func failure(_ what: String, _ code: Int32) -> ControlFailure {
        let cause: ControlFailure.Cause = code == ENOSPC || code == EDQUOT ? .diskFull : .disk
        return ControlFailure(cause, "cannot \(what): \(String(cString: strerror(code)))", errno: code)
    }
}

/// A copy that was put outside the share, and where what stood there is now, if it is kept.
struct OutputCopy {
    let path: String
    let backup: String?

    var lines: [String] {
        ["  copied to \(TerminalText.escape(path))"]
            + (backup.map { ["  what was there is kept as \(TerminalText.escape($0))"] } ?? [])
    }
}
