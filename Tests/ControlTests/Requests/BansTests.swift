import Content
import Testing

@testable import Control

@Suite struct BansTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [
            (#"{}"#, "id"), (#"{"all":false}"#, "id"), (#"{"id":"12"}"#, "id"),
            (#"{"id":"\#(String(repeating: "g", count: 32))"}"#, "id"),
            (#"{"id":"\#(String(repeating: "a", count: 34))"}"#, "id"), (#"{"id":7}"#, "id"),
            (#"{"address":"example.org"}"#, "address"), (#"{"address":"1.2.3.4:99999"}"#, "address"),
            (#"{"address":""}"#, "address"), (#"{"all":true,"address":"1.2.3.4"}"#, "id"), (#"{"peer":"x"}"#, "peer"),
        ])
    func wrong(params: String, field: String) {
        RequestLine.refuses("lift", params, field: field)
    }

    @Test("People name a peer by its id, by address and port, or by address for every port")
    func typed() throws {
        let id = try #require(PeerID(bytes: Array(0..<16)))
        #expect(BanChoice(typed: id.hex) == .id(id))
        #expect(BanChoice(typed: "127.0.0.1:7001") == .address(PeerAddress(ipv4: 0x7F00_0001, port: 7001)))
        #expect(BanChoice(typed: "127.0.0.1") == .address(PeerAddress(ipv4: 0x7F00_0001, port: 0)))
        #expect(BanChoice(typed: "::1") == .address(PeerAddress(high: 0, low: 1, port: 0)))
        #expect(BanChoice(typed: "[::1]:7") == .address(PeerAddress(high: 0, low: 1, port: 7)))
        for nothing in ["", "x", id.description, "localhost:7001"] { #expect(BanChoice(typed: nothing) == nil) }
    }

    @Test("Replies read back as what was written")
    func replies() throws {
        let bans = BansReply(bans: [.init(id: "00", address: "a:1", reason: "3 wrong\n", secondsLeft: .max)])
        #expect(
            try ControlAnswer<BansReply>(line: ControlLine.reply(.number(1), bans).dropLast())
                == .result(.number(1), bans))
        let lift = LiftReply(lifted: 2)
        #expect(
            try ControlAnswer<LiftReply>(line: ControlLine.reply(.number(1), lift).dropLast())
                == .result(.number(1), lift))
    }
}
