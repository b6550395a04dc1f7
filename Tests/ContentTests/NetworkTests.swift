import Content
import TestSupport
import Testing

struct NetworkTests {
    private func contains(_ network: String, _ host: String) throws -> Bool {
        try #require(Network(network)).contains(try #require(PeerAddress(host: host, port: 7001)))
    }

    @Test("A network has the addresses that begin like it, and no others")
    func contains() throws {
        #expect(try contains("10.0.0.0/8", "10.255.3.4"))
        #expect(try !contains("10.0.0.0/8", "11.0.0.0"))
        #expect(try contains("192.0.2.128/25", "192.0.2.200"))
        #expect(try !contains("192.0.2.128/25", "192.0.2.127"))
        #expect(try contains("fd00::/8", "fdff::1"))
        #expect(try !contains("fd00::/8", "fe80::1"))
        #expect(try contains("2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::5"))
        #expect(try !contains("2001:db8::8000:0:0:0/65", "2001:db8::5"))
    }

    @Test("A single address is a network of one")
    func single() throws {
        for host in ["192.0.2.1", "::1"] { #expect(try contains(host, host)) }
        #expect(try !contains("192.0.2.1", "192.0.2.0"))
        #expect(try !contains("::1", "::2"))
        #expect(Network("192.0.2.1/32") == Network("192.0.2.1"))
        #expect(Network("::1/128") == Network("::1"))
    }

    @Test("A prefix of nothing has all addresses of its family, and IPv6's has IPv4's too")
    func everything() throws {
        #expect(try contains("0.0.0.0/0", "203.0.113.9"))
        #expect(try !contains("0.0.0.0/0", "2001:db8::1"))
        #expect(try contains("::/0", "203.0.113.9"))
        #expect(try contains("::ffff:10.0.0.0/104", "10.1.2.3"))
    }

    @Test(
        "What is no network is refused",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0/8", "fd00::/129", "[fd00::]/8", "10.0.0.1/8", "fd00::1/8", "localhost", "10.0.0.0:7001",
        ])
    func refuses(_ text: String) {
        #expect(Network(text) == nil)
    }

    @Test(
        "A network is printed as it is read",
        arguments: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1", "0.0.0.0/0", "::/0"])
    func prints(_ text: String) {
        #expect(Network(text)?.description == text)
    }

    @Test("An address is in a network exactly if their leading bits are the same", arguments: Seeded.seeds(2))
    func everyPrefix(_ seed: UInt64) throws {
        var random = Seeded(seed)
        for prefix in 0...128 {
            let base = PeerAddress(high: random.next(), low: random.next(), port: 0)
            let first = (0..<128).reduce(base) { $1 < prefix ? $0 : NetworkTests.clearing($1, of: $0) }
            let network = try #require(Network("\(first.host)/\(prefix)"))
            for bit in 0..<128 {
                #expect(network.contains(NetworkTests.flipping(bit, of: base)) == (bit >= prefix), "\(network) \(bit)")
            }
        }
    }

    private static func flipping(_ bit: Int, of address: PeerAddress) -> PeerAddress {
        let mask: UInt64 = 1 << UInt64(63 - bit % 64)
        return PeerAddress(
            high: bit < 64 ? address.high ^ mask : address.high, low: bit < 64 ? address.low : address.low ^ mask,
            port: 1)
    }

    private static func clearing(_ bit: Int, of address: PeerAddress) -> PeerAddress {
        let mask: UInt64 = 1 << UInt64(63 - bit % 64)
        return PeerAddress(
            high: bit < 64 ? address.high & ~mask : address.high, low: bit < 64 ? address.low : address.low & ~mask,
            port: 0)
    }
}
