import Testing

@testable import Control

@Suite struct WhoTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [(#"{}"#, "name"), (#"{"name":["x"]}"#, "name"), (#"{"name":"x","root":"00"}"#, "root")])
    func wrong(params: String, field: String) {
        RequestLine.refuses("who", params, field: field)
    }

    @Test("A reply reads back as what was written")
    func reply() throws {
        let reply = WhoReply(
            versions: [
                .init(
                    root: "00", length: .max, modified: nil,
                    holders: [
                        .init(address: "a:1", complete: true, have: .max),
                        .init(address: "b:2", complete: false, have: 0),
                    ])
            ], asked: 3, silent: 1, banned: 2, local: "ff", unfit: ["c:3"])
        let line = ControlLine.reply(.text("i"), reply)
        #expect(try ControlAnswer<WhoReply>(line: line.dropLast()) == .result(.text("i"), reply))
    }
}
