/// A SHA-256 value: 32 bytes held as four words, so that arrays of digests are one flat block of memory
/// that can be hashed, sent and compared without copying.
public struct Digest: Hashable, Sendable {
    public static let byteCount = 32

    /// The 32 zero bytes that BEP 52 fills a row of leaves with, and the root of an empty file.
    public static let zero = Digest(words: .zero)

    private var words: SIMD4<UInt64>

    private init(words: SIMD4<UInt64>) {
        self.words = words
    }

    /// - Returns: nil unless `bytes` are exactly 32.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Digest.byteCount else { return nil }
        words = bytes.loadUnaligned(as: SIMD4<UInt64>.self)
    }

    /// - Returns: nil unless `bytes` are exactly 32.
    public init?(bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ Digest($0) }) else { return nil }
        self = digest
    }

    /// - Parameter hex: 64 hexadecimal digits of either case.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String { withUnsafeBytes { Hex.encode($0) } }

    /// The first 12 hexadecimal digits: enough to tell versions apart in a message.
    public var prefix: String { String(hex.prefix(12)) }

    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        var copy = words
        let result: Result<R, E> = Swift.withUnsafeBytes(of: &copy) { bytes in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension Digest: CustomStringConvertible {
    public var description: String { hex }
}
