/// Sixteen random bytes that name a peer for as long as its state directory lives.
public struct PeerID: Hashable, Sendable {
    public static let byteCount = 16

    private let high: UInt64
    private let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Returns: nil unless `bytes` are exactly 16.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == PeerID.byteCount else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in bytes.enumerated() {
            if position < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        self.init(high: words.0, low: words.1)
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
