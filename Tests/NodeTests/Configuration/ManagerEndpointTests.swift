import Content
import Testing

@testable import Node

@Suite struct ManagerEndpointTests {
    @Test(
        "addresses and host names with a port are read",
        arguments: [
            ("127.0.0.1:60505", "127.0.0.1", 60505), ("[::1]:1", "::1", 1),
            ("[2001:DB8:0::1]:65535", "2001:db8::1", 65535),
            ("localhost:80", "localhost", 80), ("manager-1.example.org:7400", "manager-1.example.org", 7400),
            ("a_b:1", "a_b", 1), ("[::ffff:192.0.2.1]:9", "192.0.2.1", 9),
        ])
    func good(text: String, host: String, port: UInt16) {
        let endpoint = ManagerEndpoint(text)
        #expect(endpoint?.host == host)
        #expect(endpoint?.port == port)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", ":", ":1", "host", "host:", "host:0", "host:65536", "host:+1", "host:-1", "host: 1", "host:1 ",
            "::1:60505",
            "2001:db8::1:7001", "[::1]", "[::1:7001", "[host]:1", "[127.0.0.1]:1", "300.1.1.1:1", "1.2.3:1", "12:1",
            "-a:1",
            "a-:1", "a..b:1", ".a:1", "a b:1", "a/b:1", "ä:1", "http://a:1", "a:1:2", "a\u{0}:1",
        ])
    func bad(text: String) {
        #expect(ManagerEndpoint(text) == nil)
    }

    @Test("names and their parts have the length limits of the domain name system")
    func lengths() {
        let part = String(repeating: "a", count: 63)
        #expect(ManagerEndpoint("\(part):1") != nil)
        #expect(ManagerEndpoint("\(part)a:1") == nil)
        #expect(ManagerEndpoint("\([part, part, part, part].joined(separator: ".")):1") == nil)
    }

    @Test(
        "what is printed is read back as the same endpoint",
        arguments: ["[2001:db8::1]:7", "192.0.2.1:7", "a.example:7"])
    func roundTrip(text: String) {
        #expect(ManagerEndpoint(text)?.description == text)
    }

    @Test("only a numeric host has an address without being resolved")
    func address() {
        #expect(ManagerEndpoint("[::1]:7")?.address == PeerAddress("[::1]:7"))
        #expect(ManagerEndpoint("localhost:7")?.address == nil)
    }
}
