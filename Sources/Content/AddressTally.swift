/// How many of something come from each host, whatever the port.
///
/// Invariant: hosts of which there are none take no room.
public struct AddressTally: Sendable {
    private var counts: [PeerAddress: Int] = [:]

    public init() {}

    public var addressCount: Int { counts.count }

    public func count(from address: PeerAddress) -> Int { counts[address.with(port: 0)] ?? 0 }

    public mutating func add(_ address: PeerAddress) { counts[address.with(port: 0), default: 0] += 1 }

    public mutating func remove(_ address: PeerAddress) {
        let host = address.with(port: 0)
        guard let count = counts[host] else { return }
        counts[host] = count > 1 ? count - 1 : nil
    }
}
