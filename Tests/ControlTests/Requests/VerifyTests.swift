import Testing

@testable import Control

@Suite struct VerifyTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [
            (#"{"names":"x"}"#, "names"), (#"{"names":[]}"#, "names"), (#"{"names":["../x"]}"#, "names"),
            (#"{"names":["\#(String(repeating: "n", count: 5000))"]}"#, "names"), (#"{"repair":1}"#, "repair"),
            (#"{"name":"x"}"#, "name"),
            (#"{"names":[\#(Array(repeating: "\"x\"", count: 1001).joined(separator: ","))]}"#, "names"),
        ])
    func wrong(params: String, field: String) {
        RequestLine.refuses("verify", params, field: field)
    }

    private func reply(rotten: Int = 0, errors: Int = 0, repaired: Int = 0) -> VerifyReply {
        VerifyReply(
            files: 9, bytes: 9, ok: 9, rotten: rotten, repaired: repaired, changed: 0, indexing: 0, errors: errors)
    }

    @Test("Rot that was not repaired is 65, before files that could not be read: 74; else it is 0")
    func exit() {
        #expect(reply().exit == .done)
        #expect(reply(repaired: 2).exit == .done)
        #expect(reply(errors: 1).exit == .disk)
        #expect(reply(rotten: 1, errors: 1).exit == .integrity)
    }

    @Test("A reply reads back as what was written, and several add up")
    func replies() throws {
        let line = ControlLine.reply(.number(1), reply(rotten: 1))
        #expect(try ControlAnswer<VerifyReply>(line: line.dropLast()) == .result(.number(1), reply(rotten: 1)))
        #expect(VerifyReply.none + reply(rotten: 2) == reply(rotten: 2))
        #expect((reply(rotten: 1) + reply(errors: 2)).exit == .integrity)
    }
}
