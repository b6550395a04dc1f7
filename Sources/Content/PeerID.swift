/// Sixteen random bytes that name a peer for as long as its state directory lives.
public struct PeerID: Hashable, Sendable {
    public static let byteCount = 16

    /// The sixteen bytes as two big-endian words.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Returns: nil unless `bytes` are exactly 16.
    public init?(bytes: [UInt8]) {
        guard bytes.count == PeerID.byteCount else { return nil }
        let words = bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> PeerID {
        PeerID(high: generator.next(), low: generator.next())
    }

    /// Big-endian, so that hexadecimal text and bytes read alike.
    public var bytes: [UInt8] {
        [high, low].flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// 32 lower-case hexadecimal digits.
    public var hex: String { Hex.encode(bytes) }
}

extension PeerID: CustomStringConvertible {
    public var description: String { String(hex.prefix(8)) }
}
