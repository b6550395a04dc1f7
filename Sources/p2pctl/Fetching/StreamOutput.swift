import Control
import Glibc

/// A file's bytes on standard output, in order, as its beginning comes to be readable. Holds one block of them at a
/// time, and writes only as much as standard output takes without waiting, so that the daemon is heard meanwhile.
///
/// The file is opened once, where it is being fetched: the descriptor stays good when it moves into the share.
struct StreamOutput: ~Copyable {
    static let descriptor = STDOUT_FILENO

    private static let blockBytes = 1 << 18
    /// What a pipe takes whole when it says that it takes anything (PIPE_BUF): pipe(7).
    private static let pipeBytes = 4096

    private var file: Int32 = -1
    /// Bytes from the start of the file that may be read.
    private var readable: UInt64 = 0
    /// Bytes from the start of the file that were read.
    private var position: UInt64 = 0
    private var block: [UInt8] = Array(repeating: 0, count: StreamOutput.blockBytes)
    /// What of the block is still to be written.
    private var pending = 0..<0
    private let writeBytes: Int

    init() {
        var status = stat()
        let isFile = fstat(StreamOutput.descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        // A file never makes anybody wait for a reader.
        writeBytes = isFile ? StreamOutput.blockBytes : StreamOutput.pipeBytes
    }

    deinit { if file >= 0 { close(file) } }

    /// Whether there is something to write now.
    var hasMore: Bool { !pending.isEmpty || (file >= 0 && position < readable) }

    var isOpen: Bool { file >= 0 }

    /// More of the file can be read. One that has moved on since is opened when it is told of again.
    mutating func ready(_ event: ReadyEvent) {
        if file < 0 { file = open(event.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
        if file >= 0 { readable = max(readable, event.bytes) }
    }

    /// The file is whole.
    /// - Parameters:
    ///   - path: where it is in the share, if it is not open yet.
    ///   - length: bytes.
    mutating func whole(_ path: String?, length: UInt64) throws(ControlFailure) {
        if file < 0, let path {
            file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard file >= 0 else { throw StreamOutput.failure("read \(path)", errno) }
        }
        readable = length
    }

    /// Writes what standard output takes now, which it has said to be something.
    /// - Throws: `outputClosed` when its reader is gone.
    mutating func writeSome() throws(ControlFailure) {
        if pending.isEmpty { try read() }
        let count = block.withUnsafeBytes { bytes in
            write(
                StreamOutput.descriptor, bytes.baseAddress?.advanced(by: pending.lowerBound),
                min(pending.count, writeBytes))
        }
        if count >= 0 {
            pending = pending.lowerBound + count..<pending.upperBound
        } else if errno == EPIPE {
            throw ControlFailure(.outputClosed, "the reader of standard output went away", errno: EPIPE)
        } else if errno != EINTR, errno != EAGAIN {
            throw StreamOutput.failure("write to standard output", errno)
        }
    }

    private mutating func read() throws(ControlFailure) {
        let wanted = Int(min(readable - position, UInt64(StreamOutput.blockBytes)))
        let offset = off_t(position)
        let count = block.withUnsafeMutableBytes { pread(file, $0.baseAddress, wanted, offset) }
        guard count >= 0 else { throw StreamOutput.failure("read the file that is fetched", errno) }
        guard count > 0 || wanted == 0 else {
            throw ControlFailure(.disk, "the file was cut off while it was read; what was written is not all of it")
        }
        position += UInt64(count)
        pending = 0..<count
    }

    private static func failure(_ what: String, _ code: Int32) -> ControlFailure {
        let cause: ControlFailure.Cause = code == ENOSPC ? .diskFull : .disk
        return ControlFailure(cause, "cannot \(what): \(String(cString: strerror(code)))", errno: code)
    }
}
