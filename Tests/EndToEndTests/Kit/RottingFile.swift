import Foundation

/// A file in memory whose bytes can change as on a failing disk: no time of it changes, and nobody is told.
///
/// Of files in memory (tmpfs) the kernel sets no time when a page of a shared mapping is written to that was read before.
/// It is mapped when it first rots, which must be after it was indexed: a file that is mapped so is open for writing.
final class RottingFile {
    private let path: String
    private var mapped: (memory: UnsafeMutableRawPointer, length: Int)?

    init(_ path: String) {
        self.path = path
    }

    deinit {
        if let mapped { munmap(mapped.memory, mapped.length) }
    }

    /// Turns a byte into another.
    func rot(at offset: Int) throws {
        let before = try times()
        let memory = try mapped?.memory ?? map()
        let byte = memory.load(fromByteOffset: offset, as: UInt8.self)
        memory.storeBytes(of: ~byte, toByteOffset: offset, as: UInt8.self)
        guard try times() == before else { throw Failure("\(path) shows that it was written to: is it in memory?") }
    }

    private func map() throws -> UnsafeMutableRawPointer {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw Failure("open \(path): errno \(errno)") }
        let length = Int(status.st_size)
        guard let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw Failure("map \(path): errno \(errno)") }
        mapped = (memory, length)
        return memory
    }

    private func times() throws -> [Int] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure("look at \(path): errno \(errno)") }
        return [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
