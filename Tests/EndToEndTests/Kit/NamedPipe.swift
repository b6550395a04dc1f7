import Foundation

/// A named pipe that a program writes to, read without waiting.
final class NamedPipe {
    let path: String
    private(set) var bytes = Data()
    private var descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw Failure("make the pipe \(path): errno \(errno)") }
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open the pipe \(path): errno \(errno)") }
    }

    deinit { stopReading() }

    /// Takes what is there; true, so that it can stand in a condition.
    func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return true
    }

    func stopReading() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
