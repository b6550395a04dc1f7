import Foundation

/// A new directory under /tmp or in memory; the path is short, since a control socket's may have 107 bytes at most.
struct Scratch {
    let path: String

    /// - Parameter inMemory: where a sync takes no time, if the machine has such a place.
    init(inMemory: Bool = false) throws {
        let isThere = inMemory && access("/dev/shm", R_OK | W_OK | X_OK) == 0
        let parent = isThere ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/p2pd-e2e-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("make a directory like \(parent)/p2pd-e2e-XXXXXX") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// With P2PD_KEEP set the directory stays, to look at the logs.
    func remove() {
        if ProcessInfo.processInfo.environment["P2PD_KEEP"] == nil {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

/// Small files that grow while they are read: logs and captured output.
enum TextFile {
    static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    static func tail(_ path: String, lines: Int = 20) -> String {
        read(path).split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}
