import Control
import Glibc

/// A file's bytes on standard output, in order, as its beginning comes to be readable. Holds one block of them at a
/// time, and writes only as much as standard output takes without waiting, so that the daemon is heard meanwhile.
///
/// The file is opened where it is being fetched: the descriptor stays good when it moves into the share. Of what was read,
/// only that is written after which the file has the time of modification that says that nobody else wrote to it.
struct StreamOutput: ~Copyable {
    static let descriptor = STDOUT_FILENO

    private static let blockBytes = 1 << 18
    /// What a pipe takes whole when it says that it takes anything (PIPE_BUF): pipe(7).
    private static let pipeBytes = 4096

    /// How often it is looked again whether the daemon has come to the end of a write, and microseconds between.
    private static let looks = 100
    private static let pause: UInt32 = 100

    private var file: Int32 = -1
    /// The file's time of modification when its bytes can be believed, in nanoseconds since 1970.
    private var seal: Int64 = 0
    private var isWhole = false
    /// The file has another time: until more is heard of it.
    private var isHeld = false
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

    /// - Throws: when there is no standard output, so that nothing is fetched in vain.
    static func check() throws(ControlFailure) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags < 0 || flags & O_ACCMODE == O_RDONLY else { return }
        throw failure("write to standard output", EBADF)
    }

    deinit { if file >= 0 { close(file) } }

    /// Whether there is something to write now.
    var hasMore: Bool { !pending.isEmpty || (file >= 0 && position < readable && !isHeld) }

    /// What is open has been given its time in the share. What has not may be a file that somebody took away while it came.
    var isDelivered: Bool {
        get throws(ControlFailure) { file < 0 ? false : try modified() != seal }
    }

    mutating func heard(_ event: ControlEvent) {
        isHeld = false
        if case .ready(let event) = event { ready(event) }
    }

    /// More of the file can be read, or less, as somebody wrote to it. One that has moved on since is opened when it is told
    /// of again.
    private mutating func ready(_ event: ReadyEvent) {
        open(event.path)
        (readable, seal) = (event.bytes, event.seal)
    }

    /// Opens what stands at a path, unless that is open or nothing does.
    private mutating func open(_ path: String) {
        let found = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard found >= 0 else { return }
        var (new, old) = (stat(), stat())
        let isKnown =
            file >= 0 && fstat(found, &new) == 0 && fstat(file, &old) == 0
            && new.st_ino == old.st_ino && new.st_dev == old.st_dev
        guard !isKnown else {
            close(found)
            return
        }
        if file >= 0 { close(file) }
        file = found
    }

    /// The file is whole.
    /// - Parameters:
    ///   - path: where it is in the share, if it is to be opened there.
    ///   - length: bytes.
    mutating func whole(_ path: String?, length: UInt64) throws(ControlFailure) {
        if let path {
            open(path)
            guard file >= 0 else { throw StreamOutput.failure("read \(path)", errno) }
        }
        if file >= 0 { seal = try modified() }
        (readable, isWhole, isHeld) = (length, true, false)
    }

    private func modified() throws(ControlFailure) -> Int64 {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw StreamOutput.failure("read the file that is fetched", errno) }
        return Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }

    /// Writes what standard output takes now, which it has said to be something.
    /// - Throws: `outputClosed` when its reader is gone.
    mutating func writeSome() throws(ControlFailure) {
        if pending.isEmpty {
            try read()
            if pending.isEmpty { return }
        }
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
        for _ in 0..<StreamOutput.looks {
            let count = try readBlock()
            if try modified() == seal {
                position += UInt64(count)
                pending = 0..<count
                return
            }
            if isWhole {
                throw ControlFailure(
                    .disk, "the file was written to while it was read; what was written is not all of it")
            }
            usleep(StreamOutput.pause)
        }
        isHeld = true
    }

    private mutating func readBlock() throws(ControlFailure) -> Int {
        let wanted = Int(min(readable - position, UInt64(StreamOutput.blockBytes)))
        let offset = off_t(position)
        let count = block.withUnsafeMutableBytes { pread(file, $0.baseAddress, wanted, offset) }
        guard count >= 0 else { throw StreamOutput.failure("read the file that is fetched", errno) }
        guard count > 0 || wanted == 0 || !isWhole else {
            throw ControlFailure(.disk, "the file was cut off while it was read; what was written is not all of it")
        }
        return count
    }

    private static func failure(_ what: String, _ code: Int32) -> ControlFailure {
        let cause: ControlFailure.Cause = code == ENOSPC ? .diskFull : .disk
        return ControlFailure(cause, "cannot \(what): \(String(cString: strerror(code)))", errno: code)
    }
}
