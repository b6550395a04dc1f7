import Foundation

/// A directory that goes away with its owner, in memory where there is such a file system.
final class Scratch {
    let path: String

    init() throws {
        let memory = "/dev/shm"
        let set = ProcessInfo.processInfo.environment["TMPDIR"]
        let isThere = FileManager.default.isWritableFile(atPath: memory)
        path = "\(set ?? (isThere ? memory : NSTemporaryDirectory()))/p2pd-fuzz-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
