/// The addresses that begin with the same bits: `10.0.0.0/8`, `fd00::/8`, or a single one. IPv4 is held as an
/// IPv4-mapped IPv6 network, like `PeerAddress`.
public struct Network: Hashable, Sendable {
    /// The address without a port, its bits behind the prefix zero.
    private let first: PeerAddress
    /// Leading bits that count, of 128.
    private let prefix: Int

    /// IPv4 addresses begin behind these bits of an IPv4-mapped one.
    private static let mappedBits = 96

    /// Reads `10.0.0.0/8`, `fd00::/8`, `192.0.2.1` or `::1`.
    /// - Returns: nil also if bits are set behind the prefix, since then one of the two is not what was meant.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.hasPrefix("["), let address = PeerAddress(host: host, port: 0) else {
            return nil
        }
        // An IPv6 text of a mapped address counts its bits as IPv6.
        let outer = host.contains(":") ? 0 : Network.mappedBits
        let bits = parts.count == 1 ? 128 - outer : Int(digits: parts[1], radix: 10) ?? -1
        guard (0...128 - outer).contains(bits) else { return nil }
        prefix = outer + bits
        first = address
        guard Network.masked(address, to: prefix) == address else { return nil }
    }

    /// Whether the address, on any port, is one of them.
    public func contains(_ address: PeerAddress) -> Bool {
        Network.masked(address, to: prefix) == first
    }

    private static func masked(_ address: PeerAddress, to prefix: Int) -> PeerAddress {
        PeerAddress(high: address.high & mask(prefix), low: address.low & mask(prefix - 64), port: 0)
    }

    /// So many leading ones: none below 0, all from 64.
    private static func mask(_ bits: Int) -> UInt64 {
        // A smart shift by 64 or more leaves nothing.
        ~(UInt64.max >> UInt64(Swift.max(0, bits)))
    }
}

extension Network: CustomStringConvertible {
    public var description: String {
        guard prefix < 128 else { return first.host }
        let outer = first.ipv4 == nil || prefix < Network.mappedBits ? 0 : Network.mappedBits
        return "\(first.host)/\(prefix - outer)"
    }
}
