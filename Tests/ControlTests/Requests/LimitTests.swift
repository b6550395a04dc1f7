import Content
import Testing

@testable import Control

@Suite struct LimitTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [
            (#"{"upload":5}"#, "upload"), (#"{"upload":"fast"}"#, "upload"), (#"{"download":"-1"}"#, "download"),
            (#"{"download":"99999999999999T"}"#, "download"), (#"{"uplaod":"1M"}"#, "uplaod"),
        ])
    func wrong(params: String, field: String) {
        RequestLine.refuses("limit", params, field: field)
    }

    @Test("A limit is kept, ended or set")
    func changes() throws {
        let rate = try #require(ByteRate(bytesPerSecond: 50 << 20))
        #expect(
            try RequestLine.call("limit", #"{"upload":"50M","download":"none"}"#)
                == .limit(LimitParams(upload: .rate(rate), download: .unlimited)))
        #expect(
            try RequestLine.call("limit", #"{"download":"0"}"#)
                == .limit(LimitParams(upload: .keep, download: .unlimited)))
    }

    @Test("That there is no limit is said as null")
    func null() throws {
        let reply = LimitReply(upload: nil, download: 1024)
        let line = ControlLine.reply(.number(1), reply)
        #expect(String(decoding: line, as: UTF8.self).contains(#""result":{"download":1024,"upload":null}"#))
        #expect(try ControlAnswer<LimitReply>(line: line.dropLast()) == .result(.number(1), reply))
    }
}
