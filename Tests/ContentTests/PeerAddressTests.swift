import TestSupport
import Testing

@testable import Content

@Suite struct PeerAddressTests {
    @Test(
        "An address and port are read and written alike",
        arguments: [
            "127.0.0.1:60505", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:7001", "[2001:db8::1]:1", "[::]:80",
        ])
    func roundTrip(_ text: String) throws {
        #expect(try #require(PeerAddress(text)).description == text)
    }

    @Test(
        "IPv6 is written as RFC 5952 says",
        arguments: [
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0db8::0001", "2001:db8::1"),
            ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:DB8:AAAA:bbbb::", "2001:db8:aaaa:bbbb::"),
            ("0:0:0:0:0:0:0:0", "::"), ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"),
            ("fe80::1:0:0:0", "fe80::1:0:0:0"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::8", "1::8"),
        ])
    func rfc5952(_ text: String, _ canonical: String) throws {
        #expect(try #require(PeerAddress(host: text, port: 1)).host == canonical)
        #expect(try #require(PeerAddress("[\(text)]:9")).description == "[\(canonical)]:9")
    }

    @Test(
        "An IPv4-mapped IPv6 address is the IPv4 address",
        arguments: ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"])
    func mapped(_ host: String) throws {
        let address = try #require(PeerAddress("[\(host)]:7001"))
        #expect(address == PeerAddress(ipv4: 0xC000_0201, port: 7001))
        #expect(address.description == "192.0.2.1:7001")
        #expect(address.ipv4 == 0xC000_0201)
    }

    @Test("A dotted quad at the end of another IPv6 address is its last two groups")
    func embedded() throws {
        let address = try #require(PeerAddress(host: "64:ff9b::192.0.2.33", port: 1))
        #expect(address.host == "64:ff9b::c000:221")
        #expect(address.ipv4 == nil)
    }

    @Test(
        "An IPv6 address without brackets has no port",
        arguments: ["::1:60505", "2001:db8::1:80", "1:2:3:4:5:6:7:8:80", "::"])
    func unbracketed(_ text: String) {
        #expect(PeerAddress(text) == nil)
    }

    @Test(
        "What is not an address and a port is refused",
        arguments: [
            "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80",
            "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.1:0x50", "127.0.0.1:８０", "localhost:80", "256.0.0.1:80",
            "1.2.3:80", "1.2.3.4.5:80", "1..2.3:80", "01.2.3.4:80", "1.2.3.04:80", "+1.2.3.4:80", "[::1]", "[::1]80",
            "[::1:80", "::1]:80", "[127.0.0.1]:80", "[]:80", "[[::1]]:80", "[::1%lo]:80", "[:::]:80", "[1::2::3]:80",
            "[12345::]:80", "[g::]:80", "[::-0]:80", "[::+1]:80", "[1:2:3:4:5:6:7]:80", "[1:2:3:4:5:6:7:8:9]:80",
            "[1:2:3:4:5:6:7::8]:80", "[1.2.3.4::]:80", "[1.2.3.4::1]:80", "[::1.2.3.4:5]:80", "[:1:2:3:4:5:6:7]:80",
        ])
    func refused(_ text: String) {
        #expect(PeerAddress(text) == nil)
    }

    @Test("A host is read with and without brackets")
    func hosts() {
        #expect(PeerAddress(host: "::1", port: 5) == PeerAddress("[::1]:5"))
        #expect(PeerAddress(host: "[::1]", port: 5) == PeerAddress("[::1]:5"))
        #expect(PeerAddress(host: "192.0.2.1", port: 5) == PeerAddress("192.0.2.1:5"))
    }

    @Test(
        "All of 127.0.0.0/8 and ::1 are loopback, nothing else is",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
            ("0.0.0.0", false), ("::", false), ("::2", false), ("1::1", false),
        ])
    func loopback(_ host: String, _ expected: Bool) throws {
        #expect(try #require(PeerAddress(host: host, port: 1)).isLoopback == expected)
    }

    @Test(
        "0.0.0.0 and :: are unspecified, nothing else is",
        arguments: [("0.0.0.0", true), ("::", true), ("0.0.0.1", false), ("::1", false)])
    func unspecified(_ host: String, _ expected: Bool) throws {
        #expect(try #require(PeerAddress(host: host, port: 1)).isUnspecified == expected)
    }

    @Test("Another port makes another address of the same host")
    func withPort() throws {
        let address = try #require(PeerAddress("[2001:db8::1]:1"))
        #expect(address.with(port: 2).description == "[2001:db8::1]:2")
        #expect(address.with(port: 2) != address)
    }

    @Test("Any address comes back from its text", arguments: Seeded.seeds(3))
    func random(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<2000 {
            // Half of the groups are zero, so that there is something to shorten.
            let mask = { (random: inout Seeded) in
                (0..<4).reduce(UInt64(0)) { word, _ in word << 16 | (Bool.random(using: &random) ? 0xFFFF : 0) }
            }
            let high = random.next() & mask(&random)
            let low = random.next() & mask(&random)
            let address = PeerAddress(high: high, low: low, port: UInt16(truncatingIfNeeded: random.next()))
            #expect(PeerAddress(address.description) == address)
        }
    }
}
