import Content
import Testing

@testable import Node

@Suite struct ManagerSettingsTests {
    private func resolve(_ environment: [String: String]) throws(DaemonError) -> ManagerSettings {
        try ManagerSettings.resolve(flags: Flags(), in: .fixture(environment))
    }

    @Test("without any source the manager listens on loopback, port 60505, with heartbeats of 5 s and silence of 15 s")
    func defaults() throws {
        let settings = try resolve([:])
        #expect(settings.listen == PeerAddress("127.0.0.1:60505"))
        #expect(!settings.insecure)
        #expect(settings.logLevel == .info)
        #expect(settings.heartbeatSeconds == 5)
        #expect(settings.silenceSeconds == 15)
        #expect(settings.maxPeers == 20_000)
    }

    @Test(
        "numbers at the ends of their ranges are taken",
        arguments: [
            ["P2PD_HEARTBEAT_SECONDS": "1"], ["P2PD_HEARTBEAT_SECONDS": "60", "P2PD_SILENCE_SECONDS": "61"],
            ["P2PD_HEARTBEAT_SECONDS": "1", "P2PD_SILENCE_SECONDS": "3"], ["P2PD_SILENCE_SECONDS": "600"],
            ["P2PD_MAX_PEERS": "1"], ["P2PD_MAX_PEERS": "65536"],
        ])
    func inRange(environment: [String: String]) throws {
        _ = try resolve(environment)
    }

    @Test(
        "numbers beyond their ranges are refused with the range",
        arguments: [
            ("HEARTBEAT_SECONDS", "0", "1 to 60"), ("HEARTBEAT_SECONDS", "61", "1 to 60"),
            ("SILENCE_SECONDS", "2", "3 to 600"), ("SILENCE_SECONDS", "601", "3 to 600"),
            ("MAX_PEERS", "0", "1 to 65536"), ("MAX_PEERS", "65537", "1 to 65536"),
            ("MAX_PEERS", "-1", "1 to 65536"), ("MAX_PEERS", "+1", "1 to 65536"),
            ("MAX_PEERS", "1e3", "1 to 65536"),
            ("MAX_PEERS", "99999999999999999999", "1 to 65536"), ("MAX_PEERS", "٣", "1 to 65536"),
        ])
    func outOfRange(name: String, text: String, range: String) {
        let error = failure { () throws(DaemonError) in try resolve(["P2PD_\(name)": text]) }
        #expect(error?.message.contains("P2PD_\(name) in the environment: \"\(text)\"") == true)
        #expect(error?.message.contains(range) == true)
    }

    @Test("a silence that does not exceed the heartbeat is refused, naming both and where they come from")
    func silence() {
        let error = failure { () throws(DaemonError) in try resolve(["P2PD_HEARTBEAT_SECONDS": "15"]) }
        #expect(error?.message.contains("the default of silence_seconds is 15") == true)
        #expect(error?.message.contains("15 of P2PD_HEARTBEAT_SECONDS in the environment") == true)
    }

    @Test(
        "loopback addresses need no word",
        arguments: ["127.0.0.1:1", "127.255.0.9:2", "[::1]:3", "[::ffff:127.0.0.1]:4"])
    func loopback(text: String) throws {
        #expect(try resolve(["P2PD_LISTEN": text]).listen == PeerAddress(text))
    }

    @Test(
        "beyond loopback is a usage error that says why, until --insecure accepts it",
        arguments: ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1"])
    func beyondLoopback(text: String) throws {
        let error = failure { () throws(DaemonError) in try resolve(["P2PD_LISTEN": text]) }
        #expect(error?.exit == .usage)
        #expect(error?.message.contains("nothing authenticates peers yet") == true)
        #expect(error?.message.contains("can fetch every shared file") == true)
        #expect(error?.message.contains("--insecure") == true)
        #expect(try resolve(["P2PD_LISTEN": text, "P2PD_INSECURE": "yes"]).listen == PeerAddress(text))
    }

    @Test(
        "an address to listen on is a number with a port",
        arguments: ["localhost:1", "127.0.0.1", "127.0.0.1:0", "::1:5", "[::1%lo]:5"])
    func notAnAddress(text: String) {
        let error = failure { () throws(DaemonError) in try resolve(["P2PD_LISTEN": text]) }
        #expect(error?.message.contains("\"\(text)\" is not ADDR:PORT") == true)
    }
}
