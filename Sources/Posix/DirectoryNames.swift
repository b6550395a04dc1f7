import CLinux
import Glibc

/// The names in a directory, without `.` and `..`, in the order of their bytes; packed, since there may be hundreds of thousands.
public struct DirectoryNames: Sendable {
    private struct Entry {
        /// Where its name begins.
        let start: UInt32
        /// Bytes, without the zero behind it; at most 255.
        let length: UInt16
        /// d_type of readdir(3).
        let type: UInt8
    }

    /// All names, each with a zero byte behind it.
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    public var count: Int { entries.count }

    /// The raw bytes of a name.
    public subscript(index: Int) -> ArraySlice<UInt8> {
        let start = Int(entries[index].start)
        return bytes[start..<start + Int(entries[index].length)]
    }

    /// What the directory says of an entry's kind.
    /// - Returns: nil where the file system does not say.
    public func kind(at index: Int) -> FileKind? {
        switch Int32(entries[index].type) {
        case Int32(DT_REG): .regular
        case Int32(DT_DIR): .directory
        case Int32(DT_UNKNOWN): nil
        default: .other
        }
    }

    /// - Parameter call: takes a name and answers -1 for failure, as system calls do.
    func withName(at index: Int, _ call: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        bytes.withUnsafeBytes { all in
            guard let first = all.baseAddress else { return -1 }
            return call((first + Int(entries[index].start)).assumingMemoryBound(to: CChar.self))
        }
    }

    /// - Returns: false when there is no room for more.
    fileprivate mutating func append(_ name: UnsafePointer<CChar>, type: UInt8) -> Bool {
        let count = strlen(name)
        guard let start = UInt32(exactly: bytes.count), let length = UInt16(exactly: count) else { return false }
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: name, count: count + 1))
        entries.append(Entry(start: start, length: length, type: type))
        return true
    }

    fileprivate mutating func sort() {
        bytes.withUnsafeBytes { bytes in
            entries.sort { left, right in
                let (left, right) = (bytes[Int(left.start)...], bytes[Int(right.start)...])
                // The zero behind a name is less than anything in one.
                return UnsafeRawBufferPointer(rebasing: left).lexicographicallyPrecedes(
                    UnsafeRawBufferPointer(rebasing: right))
            }
        }
    }
}

extension Directory {
    /// - Throws: EOVERFLOW for names of more than 4 GiB in all.
    public func names() throws(SystemError) -> DirectoryNames {
        let copy = try check("read directory", path) {
            openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard let stream = fdopendir(copy) else {
            let error = SystemError("read directory", on: path)
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        // d_name is declared with room for any name, but an entry takes only what its own needs: it is not copied whole.
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        var names = DirectoryNames()
        errno = 0
        while let entry = readdir(stream) {
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            if strcmp(name, ".") != 0, strcmp(name, "..") != 0, !names.append(name, type: entry.pointee.d_type) {
                throw SystemError("read directory", on: path, code: EOVERFLOW)
            }
            errno = 0
        }
        guard errno == 0 else { throw SystemError("read directory", on: path) }
        names.sort()
        return names
    }
}
