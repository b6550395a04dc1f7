/// An IP address and a TCP port. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), so that one peer seen
/// through either family is one address.
public struct PeerAddress: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    /// - Parameters: the sixteen bytes of an IPv6 address as two big-endian words.
    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// - Parameter ipv4: the four bytes as a big-endian word: 127.0.0.1 is 0x7F000001.
    public init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: PeerAddress.mappedPrefix | UInt64(ipv4), port: port)
    }

    /// The IPv4 address, if this is one.
    public var ipv4: UInt32? {
        high == 0 && low & ~0xFFFF_FFFF == PeerAddress.mappedPrefix ? UInt32(truncatingIfNeeded: low) : nil
    }

    public func with(port: UInt16) -> PeerAddress {
        PeerAddress(high: high, low: low, port: port)
    }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        if let ipv4 { return ipv4 >> 24 == 127 }
        return high == 0 && low == 1
    }

    /// 0.0.0.0 or ::, which listen on every interface.
    public var isUnspecified: Bool {
        ipv4 == 0 || (high == 0 && low == 0)
    }
}

extension PeerAddress {
    /// Reads `192.0.2.1:7001` or `[2001:db8::1]:7001`; host names are not addresses, and an IPv6 address without
    /// brackets has no place for a port.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(digits: text[text.index(after: colon)...], radix: 10)
        else { return nil }
        let host = text[..<colon]
        guard host.hasPrefix("[") || !host.contains(":") else { return nil }
        self.init(host: host, port: port)
    }

    /// Reads a numeric host: `192.0.2.1`, `[2001:db8::1]` or `2001:db8::1`.
    public init?(host: some StringProtocol, port: UInt16) {
        if let ipv4 = IPText.parseIPv4(host) {
            self.init(ipv4: ipv4, port: port)
            return
        }
        var inner = Substring(host)
        if inner.hasPrefix("["), inner.hasSuffix("]") { inner = inner.dropFirst().dropLast() }
        guard let groups = IPText.parseIPv6(inner) else { return nil }
        let words = groups.map(UInt64.init)
        self.init(
            high: words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
            low: words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7], port: port)
    }

    /// The address without the port: `192.0.2.1` or `2001:db8::1`.
    public var host: String {
        if let ipv4 { return IPText.format(ipv4: ipv4) }
        let groups = [high, low].flatMap { word in
            stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: word >> $0) }
        }
        return IPText.format(ipv6: groups)
    }
}

extension PeerAddress: CustomStringConvertible {
    public var description: String { ipv4 == nil ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension Sequence {
    /// In the order of the text of their addresses: which is made once for each, as they may be thousands.
    public func sorted(byTextOf address: (Element) -> PeerAddress) -> [Element] {
        map { (text: address($0).description, element: $0) }.sorted { $0.text < $1.text }.map(\.element)
    }
}
