import Foundation

/// Files of pseudo-random content that a seed and a length determine, no two pieces of which are alike.
enum TestFile {
    /// The smallest piece's.
    private static let blockSize = 1 << 18

    /// - Parameter truncating: false writes over what is there, a byte for a byte.
    static func write(_ path: String, length: Int, seed: UInt64 = 1, truncating: Bool = true) throws {
        let directory = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (truncating ? O_TRUNC : 0), 0o600)
        guard descriptor >= 0 else { throw Failure("create \(path): errno \(errno)") }
        defer { close(descriptor) }
        var block = randomWords(max(1, (min(length, blockSize) + 7) / 8), seed: seed)
        for offset in stride(from: 0, to: length, by: blockSize) {
            block[0] = seed << 32 | UInt64(offset / blockSize)
            let count = min(blockSize, length - offset)
            let written = block.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, count) }
            guard written == count else { throw Failure("write \(path): errno \(errno)") }
        }
    }

    static func sameBytes(_ left: String, _ right: String) -> Bool {
        guard let leftData = mapped(left), let rightData = mapped(right) else { return false }
        return leftData == rightData
    }

    /// Changes a byte of an open file.
    static func flip(_ file: Int32, at offset: Int) throws {
        var byte: UInt8 = 0
        guard pread(file, &byte, 1, offset) == 1 else { throw Failure("read byte \(offset): errno \(errno)") }
        byte ^= 0x10
        guard pwrite(file, &byte, 1, offset) == 1 else { throw Failure("write byte \(offset): errno \(errno)") }
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    private static func mapped(_ path: String) -> Data? {
        try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    }

    /// xorshift64* (Vigna, 2016).
    private static func randomWords(_ count: Int, seed: UInt64) -> [UInt64] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
    }
}
