import Content

/// Where a manager is reached: a host by name or by number, and a port.
public struct ManagerEndpoint: Hashable, Sendable {
    /// RFC 1035, 2.3.4: bytes in a name and in one label of it.
    private static let maxHostBytes = 253
    private static let maxLabelBytes = 63

    /// A numeric address without brackets, or a name that has still to be resolved.
    public let host: String
    /// 1 to 65535.
    public let port: UInt16

    /// Reads `192.0.2.1:60505`, `[2001:db8::1]:60505` or `manager.example:60505`.
    ///
    /// - Returns: nil for anything else: an IPv6 address without brackets (its port cannot be told from its last
    ///   group), port 0, four numbers that are no IPv4 address, a name outside RFC 1123's letters, digits, hyphens and
    ///   dots. The underscore is allowed, since local names have it.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = try? SettingText.port(String(text[text.index(after: colon)...]))
        else { return nil }
        let host = text[..<colon]
        if let address = PeerAddress(host: host, port: port) {
            guard address.ipv4 != nil || host.hasPrefix("[") else { return nil }
            self.host = address.host
        } else {
            guard ManagerEndpoint.isName(host) else { return nil }
            self.host = String(host)
        }
        self.port = port
    }

    /// The address, if the host is a number.
    public var address: PeerAddress? { PeerAddress(host: host, port: port) }

    private static func isName(_ host: Substring) -> Bool {
        let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard host.utf8.count <= maxHostBytes, labels.allSatisfy(isLabel) else { return false }
        return labels.last?.contains { !(48...57).contains($0) } ?? false
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...maxLabelBytes).contains(label.count), label.first != hyphen, label.last != hyphen else {
            return false
        }
        return label.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, hyphen, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}

extension ManagerEndpoint: CustomStringConvertible {
    public var description: String { address?.description ?? "\(host):\(port)" }
}
