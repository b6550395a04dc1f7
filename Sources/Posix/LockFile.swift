import CLinux
import Glibc

/// Keeps a second daemon out of a state directory for as long as this value lives. The kernel lets go of the lock when
/// the process ends, however it ends. Source: flock(2).
public struct LockFile: ~Copyable {
    private let descriptor: FileDescriptor

    /// - Throws: `LockFileError.held` with the process id of the holder, or why the file cannot be used.
    public init(path: String) throws(LockFileError) {
        let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw .failed(SystemError("open", on: path)) }
        let file = FileDescriptor(owning: raw)
        if retrying({ flock(raw, LOCK_EX | LOCK_NB) }) != 0 {
            let code = errno
            guard code == EWOULDBLOCK else { throw .failed(SystemError("lock", on: path, code: code)) }
            throw .held(path: path, process: LockFile.owner(raw))
        }
        ftruncate(raw, 0)
        _ = "\(getpid())\n".withCString { pwrite(raw, $0, strlen($0), 0) }
        descriptor = file
    }

    private static func owner(_ file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

public enum LockFileError: Error {
    case held(path: String, process: Int32?)
    case failed(SystemError)
}
