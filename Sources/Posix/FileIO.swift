import CLinux
import Glibc

/// Calls on open files. They may wait for a disk: for workers, except `identity` and `isCached`.
public enum FileIO {
    public static func identity(of file: Int32) throws(SystemError) -> (kind: FileKind, identity: FileIdentity) {
        var info = stat()
        try check("stat", "descriptor \(file)") { fstat(file, &info) }
        return (FileKind(mode: info.st_mode), FileIdentity(info))
    }

    /// Reads until `buffer` is full or the file ends.
    /// - Returns: bytes read.
    public static func read(
        _ file: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let count = try check("read", "descriptor \(file) at byte \(offset)") {
                pread(file, base + filled, buffer.count - filled, off_t(offset) + off_t(filled))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    public static func write(
        _ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(SystemError) {
        var written = 0
        while written < bytes.count, let base = bytes.baseAddress {
            written += try check("write to", "descriptor \(file) at byte \(offset)") {
                pwrite(file, base + written, bytes.count - written, off_t(offset) + off_t(written))
            }
        }
    }

    /// The first `limit` bytes of a file, for small ones.
    public static func bytes(of file: Int32, limit: Int) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
        defer { buffer.deallocate() }
        return Array(buffer[..<(try read(file, into: buffer, at: 0))])
    }

    public static func write(_ file: Int32, _ bytes: [UInt8]) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try write(file, UnsafeRawBufferPointer(buffer), at: 0)
    }

    /// Reserves the space for a range, so that a full disk shows before the work, not in it. A file system that cannot
    /// reserve does nothing. The length stays, unless the range goes beyond it.
    public static func reserve(_ file: Int32, _ range: Range<UInt64>) throws(SystemError) {
        guard !range.isEmpty else { return }
        if retrying({ clinux_reserve(file, off_t(range.lowerBound), off_t(range.count)) }) == 0 { return }
        guard errno == EOPNOTSUPP else {
            throw SystemError("reserve \(range.count) bytes for", on: "descriptor \(file)")
        }
    }

    /// Cuts the file, or lengthens it by zeros.
    public static func setLength(_ file: Int32, _ length: UInt64) throws(SystemError) {
        try check("set the length of", "descriptor \(file)") { ftruncate(file, off_t(length)) }
    }

    /// Says when the bytes were last written, whenever that was. Source: futimens(3).
    /// - Parameter modified: nanoseconds since 1970; what the file system cannot hold it rounds down.
    public static func setModified(_ file: Int32, _ modified: Int64) throws(SystemError) {
        let (seconds, rest) = (modified / 1_000_000_000, modified % 1_000_000_000)
        let (second, nanosecond) = rest < 0 ? (seconds - 1, rest + 1_000_000_000) : (seconds, rest)
        try check("set the time of", "descriptor \(file)") { clinux_set_modified(file, second, Int(nanosecond)) }
    }

    /// Gives a file or directory these permissions, whatever the umask. What a directory has beside them, as the group that
    /// it gives to what is made in it, stays; a file is not setuid any more.
    /// - Parameter mode: permission bits.
    public static func setMode(_ file: Int32, _ mode: UInt16) throws(SystemError) {
        var info = stat()
        try check("stat", "descriptor \(file)") { fstat(file, &info) }
        let kept = FileKind(mode: info.st_mode) == .directory ? info.st_mode & 0o7000 : 0
        let wanted = kept | mode_t(mode)
        if wanted != info.st_mode & 0o7777 {
            try check("set the mode of", "descriptor \(file)") { fchmod(file, wanted) }
        }
    }

    /// After a failure the kernel may have dropped what was not written: the data must be written again, not synced
    /// again. Source: fsync(2).
    public static func sync(_ file: Int32) throws(SystemError) {
        try check("sync", "descriptor \(file)") { fsync(file) }
    }

    /// Lets go of what the kernel keeps of a range in memory, so that the next read is the disk's own answer. What was not
    /// written yet stays. Source: posix_fadvise(2).
    public static func dropCached(_ file: Int32, offset: UInt64, count: UInt64) {
        // An advice: where it is not taken, the read is answered from memory.
        _ = posix_fadvise(file, off_t(offset), off_t(count), Int32(POSIX_FADV_DONTNEED))
    }

    /// Whether a range can be read without waiting for the disk, judged by one byte in every 128 KiB.
    /// Source: RWF_NOWAIT, preadv2(2).
    public static func isCached(_ file: Int32, offset: UInt64, count: Int) -> Bool {
        for position in stride(from: 0, to: count, by: 128 * 1024) {
            // A file system without the flag answers EOPNOTSUPP: then there is nothing to know beforehand.
            if clinux_probe(file, off_t(offset) + off_t(position)) < 0 { return errno != EAGAIN }
        }
        return true
    }
}
