import Content
import Testing

@testable import Control

@Suite struct ControlRequestTests {
    private func refusal(_ line: String) -> ControlRequestError? {
        do throws(ControlRequestError) {
            _ = try ControlRequest(line: Array(line.utf8))
            return nil
        } catch { return error }
    }

    private func call(_ line: String) throws -> ControlCall {
        try ControlRequest(line: Array(line.utf8)).call
    }

    static func examples() throws -> [ControlRequest] {
        let name = try ShareName("models/a b é.bin")
        let root = try #require(Digest(hex: String(repeating: "0aF", count: 21) + "1"))
        return [
            ControlRequest(id: .number(1), call: .req(ReqParams(name: name))),
            ControlRequest(
                id: .text("a\nb"),
                call: .req(ReqParams(name: name, root: root, force: true, sync: false, timeoutSeconds: 1.5))),
            ControlRequest(id: .number(-7), call: .left), ControlRequest(id: .number(0), call: .status),
            ControlRequest(id: .number(.max), call: .peers), ControlRequest(id: .text(""), call: .downloads),
            ControlRequest(id: .number(2), call: .files(FilesParams())),
            ControlRequest(id: .number(2), call: .files(FilesParams(after: name, limit: 3))),
        ] + (try RequestExamples.calls()).map { ControlRequest(id: .number(3), call: $0) }
    }

    @Test("Every request reads back as what was written, split at any byte")
    func roundTrip() throws {
        for request in try ControlRequestTests.examples() {
            let line = ControlLine.request(request)
            for split in 0...line.count {
                var splitter = LineSplitter(limit: LineSplitter.maxRequestBytes)
                splitter.append(line[..<split])
                if split < line.count { #expect(try splitter.next() == nil) }
                splitter.append(line[split...])
                let whole = try #require(try splitter.next())
                #expect(try ControlRequest(line: whole) == request)
            }
        }
    }

    @Test("A request is written as these bytes")
    func exactBytes() throws {
        let request = ControlRequest(id: .number(1), call: .req(ReqParams(name: try ShareName("a/b"))))
        let text = String(decoding: ControlLine.request(request), as: UTF8.self)
        #expect(
            text == #"{"id":1,"jsonrpc":"2.0","method":"req","params":{"background":false,"backup":true,"#
                + #""choose":"only","force":false,"name":"a/b","priority":0,"stream":false,"sync":true,"tree":false}}"#
                + "\n")
    }

    @Test("What is left out has its default")
    func defaults() throws {
        let name = try ShareName("x")
        #expect(
            try call(#"{"jsonrpc":"2.0","id":1,"method":"req","params":{"name":"x"}}"#)
                == .req(
                    ReqParams(
                        name: name, tree: false, root: nil, choose: .only, force: false, backup: true, sync: true,
                        timeoutSeconds: nil, background: false, priority: 0, stream: false)))
        #expect(
            try call(#"{"jsonrpc":"2.0","id":1,"method":"cancel","params":{"name":"x"}}"#)
                == .cancel(CancelParams(name: TypedName(name, isTree: false), keepData: false)))
        #expect(
            try call(#"{"jsonrpc":"2.0","id":1,"method":"verify"}"#) == .verify(VerifyParams(names: [], repair: false)))
        #expect(
            try call(#"{"jsonrpc":"2.0","id":1,"method":"limit"}"#)
                == .limit(LimitParams(upload: .keep, download: .keep)))
        let files = ControlCall.files(FilesParams(after: nil, limit: 1000))
        #expect(try call(#"{"jsonrpc":"2.0","id":1,"method":"files"}"#) == files)
        #expect(try call(#"{"jsonrpc":"2.0","id":1,"method":"files","params":{}}"#) == files)
        #expect(try call(#"{"jsonrpc":"2.0","id":1,"method":"status","params":{}}"#) == .status)
        #expect(try call(#"{"jsonrpc":"2.0","id":1,"method":"status","params":null}"#) == .status)
    }

    @Test(
        "What is not JSON is a parse error without an id",
        arguments: [
            "", " ", "{", "nonsense", #"{"jsonrpc":"2.0","id":1,"method":"status"}}"#, "{'a':1}", "{\"a\":\u{1}}",
            "\u{FEFF}", "\0",
        ])
    func parseErrors(line: String) throws {
        let error = try #require(refusal(line))
        #expect(error.code == .parse)
        #expect(error.id == nil)
    }

    @Test("Bytes that are no UTF-8, and UTF-16, are parse errors")
    func encodings() {
        let latin1: [UInt8] = Array(#"{"jsonrpc":"2.0","id":"é","method":"status"}"#.unicodeScalars).map {
            UInt8($0.value)
        }
        let utf16 = Array(#"{"jsonrpc":"2.0","id":1,"method":"status"}"#.utf8).flatMap { [$0, UInt8(0)] }
        for line in [latin1, utf16] {
            #expect(throws: ControlRequestError.self) { try ControlRequest(line: line) }
        }
    }

    @Test("JSON nested deep, closed or not, is refused without a crash")
    func deepNesting() throws {
        for depth in [600, 100_000, 500_000] {
            let open = String(repeating: "[", count: depth)
            #expect(try #require(refusal(open)).code == .parse)
            #expect(try #require(refusal(open + String(repeating: "]", count: depth))).code == .parse)
        }
        let inside = String(repeating: "{\"a\":", count: 400) + "1" + String(repeating: "}", count: 400)
        let line = #"{"jsonrpc":"2.0","id":1,"method":"status","params":\#(inside)}"#
        #expect(try #require(refusal(line)).code == .params)
    }

    @Test(
        "JSON that is no request is invalid",
        arguments: [
            "[]", "1", "null", "\"x\"", "{}", #"[{"jsonrpc":"2.0","id":1,"method":"status"}]"#,
            #"{"jsonrpc":"2.0","method":"status"}"#, #"{"jsonrpc":"2.0","id":null,"method":"status"}"#,
            #"{"jsonrpc":"2.0","id":1.5,"method":"status"}"#, #"{"jsonrpc":"2.0","id":[],"method":"status"}"#,
            #"{"jsonrpc":"2.0","id":99999999999999999999,"method":"status"}"#,
        ])
    func invalid(line: String) throws {
        let error = try #require(refusal(line))
        #expect(error.code == .invalid)
        #expect(error.id == nil)
    }

    @Test(
        "An invalid request with an id gets its id back",
        arguments: [
            #"{"id":"q","method":"status"}"#, #"{"jsonrpc":"1.0","id":"q","method":"status"}"#,
            #"{"jsonrpc":2.0,"id":"q","method":"status"}"#, #"{"jsonrpc":"2.0","id":"q"}"#,
            #"{"jsonrpc":"2.0","id":"q","method":7}"#,
        ])
    func invalidWithID(line: String) throws {
        let error = try #require(refusal(line))
        #expect(error.code == .invalid)
        #expect(error.id == .text("q"))
    }

    @Test("An id longer than the limit is refused, so that notifications stay short")
    func longID() throws {
        let line = { (count: Int) in
            #"{"jsonrpc":"2.0","id":"\#(String(repeating: "i", count: count))","method":"status"}"#
        }
        #expect(refusal(line(256)) == nil)
        #expect(try #require(refusal(line(257))).code == .invalid)
    }

    @Test("An unknown method is named in the error, cut short and without control characters")
    func unknownMethod() throws {
        let error = try #require(refusal(#"{"jsonrpc":"2.0","id":4,"method":"re\u001bq"}"#))
        #expect(error.code == .method)
        #expect(error.id == .number(4))
        #expect(error.message.contains("re\\u{1b}q"))
        let marks = "a" + String(repeating: "\u{301}", count: 100_000)
        let long = try #require(refusal(#"{"jsonrpc":"2.0","id":4,"method":"\#(marks)"}"#))
        #expect(long.message.utf8.count < 300)
    }

    @Test(
        "Parameters that are missing, or no object, are refused",
        arguments: [
            #""method":"req""#, #""method":"req","params":["x"]"#, #""method":"req","params":"x""#,
            #""method":"req","params":null"#, #""method":"cancel""#, #""method":"files","params":[]"#,
            #""method":"files","params":{"limit":0}"#, #""method":"files","params":{"limit":1001}"#,
            #""method":"files","params":{"limit":1.5}"#, #""method":"files","params":{"after":"../x"}"#,
            #""method":"status","params":[]"#, #""method":"left","params":{"now":true}"#, #""method":"wait""#,
            #""method":"pause""#, #""method":"resume","params":null"#, #""method":"priority""#, #""method":"who""#,
            #""method":"lift""#, #""method":"verify","params":[]"#, #""method":"limit","params":"50M""#,
            #""method":"bans","params":{"a":1}"#,
        ])
    func missingParams(rest: String) throws {
        #expect(try #require(refusal(#"{"jsonrpc":"2.0","id":4,\#(rest)}"#)).code == .params)
    }

    @Test("Random bytes never crash the reader, and never make a request")
    func randomBytes() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<64, using: &generator)
            let line = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(throws: ControlRequestError.self) { try ControlRequest(line: line) }
        }
    }

    @Test("A request with any one byte changed is read or refused, never a crash")
    func mutations() throws {
        for request in try ControlRequestTests.examples() {
            let line = ControlLine.request(request).dropLast()
            for index in line.indices {
                for byte in [UInt8(0), 0x22, 0x5C, 0x7B, 0x7D, 0x80, 0xFF, 0x39] {
                    var changed = Array(line)
                    changed[index] = byte
                    _ = try? ControlRequest(line: changed)
                }
            }
        }
    }
}
