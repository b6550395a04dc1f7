import Content
import Foundation

/// Bytes that are offered as a directory's manifest, made without any of the checks that an honest maker goes through.
struct RawManifest {
    private var entries: [UInt8] = []
    private var count: UInt32 = 0
    /// Another number than there are.
    var claimedCount: UInt32?

    mutating func addDirectory(_ path: String) { add(kind: 0, path) }

    mutating func addFile(_ path: String, length: UInt64 = 5, mode: UInt16 = 0o644) {
        add(kind: 1, path, mode: mode)
        append(length)
        entries += Array(1...32)
    }

    mutating func addFile(_ path: String, of root: FileRoot) {
        add(kind: 1, path)
        append(root.length)
        root.digest.withUnsafeBytes { entries += $0 }
    }

    private mutating func add(kind: UInt8, _ path: String, mode: UInt16 = 0o755) {
        count += 1
        entries.append(kind)
        append(mode)
        append(UInt16(path.utf8.count))
        entries += Array(path.utf8)
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { entries += $0 }
    }

    var bytes: [UInt8] {
        var header = Array("P2PT".utf8) + [2, 0, 0o355, 1]
        withUnsafeBytes(of: (claimedCount ?? count).littleEndian) { header += $0 }
        return header + entries
    }
}
