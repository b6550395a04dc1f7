import Foundation
import Posix
import Testing

/// A new directory, removed with all that is in it.
final class Scratch {
    let path: String

    init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(base)/p2pd-posix-XXXXXX".utf8CString)
        path = try template.withUnsafeMutableBufferPointer { text in
            String(cString: try #require(text.baseAddress.flatMap { mkdtemp($0) }))
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func directory() throws -> Directory { try Directory(path: path) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }

    func read(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    func link(_ name: String, to target: String) throws {
        try #require(symlink(target, "\(path)/\(name)") == 0)
    }

    func makeDirectory(_ name: String) throws {
        try #require(mkdir("\(path)/\(name)", 0o755) == 0)
    }
}

/// The errno of the error that `body` throws; 0 if it throws none, -1 for an error of another kind.
func code(_ body: () throws -> Void) -> Int32 {
    do {
        try body()
        return 0
    } catch {
        return (error as? SystemError)?.code ?? -1
    }
}

/// Up to `max` bytes of `file` from `offset`, as text.
func text(_ file: Int32, at offset: UInt64 = 0, max: Int = 64) throws -> String {
    var bytes = [UInt8](repeating: 0, count: max)
    let count = try bytes.withUnsafeMutableBytes { try FileIO.read(file, into: $0, at: offset) }
    return String(decoding: bytes[..<count], as: UTF8.self)
}
