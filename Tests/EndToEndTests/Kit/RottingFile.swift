import Foundation

/// A file whose bytes can change as on a failing disk: no time of it changes, and nobody is told.
///
/// A page of a shared mapping that is dirty is written to without the kernel's noticing, until it has been written back.
final class RottingFile {
    private let memory: UnsafeMutableRawPointer
    private let length: Int

    /// Maps a file and makes all of its pages dirty, which is the last that the kernel notices.
    init(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw Failure("open \(path): errno \(errno)") }
        length = Int(status.st_size)
        guard let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw Failure("map \(path): errno \(errno)") }
        self.memory = memory
        for offset in stride(from: 0, to: length, by: 4096) {
            memory.storeBytes(
                of: memory.load(fromByteOffset: offset, as: UInt8.self), toByteOffset: offset, as: UInt8.self)
        }
    }

    deinit { munmap(memory, length) }

    /// Turns a byte into another.
    func rot(at offset: Int) {
        let byte = memory.load(fromByteOffset: offset, as: UInt8.self)
        memory.storeBytes(of: ~byte, toByteOffset: offset, as: UInt8.self)
    }
}
