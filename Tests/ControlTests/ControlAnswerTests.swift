import Foundation
import Testing

@testable import Control

@Suite struct ControlAnswerTests {
    private func answer<Result: Decodable>(_ line: [UInt8], _ type: Result.Type) throws -> ControlAnswer<Result> {
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        return try ControlAnswer<Result>(line: line.dropLast())
    }

    private func survives<Result: Codable & Equatable & Sendable>(_ result: Result) throws {
        let id = ControlID.text("id\n\"/")
        #expect(try answer(ControlLine.reply(id, result), Result.self) == .result(id, result))
    }

    @Test("Every reply reads back as what was written")
    func replies() throws {
        let root = String(repeating: "ab", count: 32)
        try survives(
            StatusReply(
                version: "1", id: "00", share: "/srv", listen: "[::]:7001", uptimeSeconds: 12.5,
                manager: ManagerLink(address: "127.0.0.1:7400", state: .waiting, error: "refused"), epoch: 9, peers: 3,
                files: 2, connections: 1, bytesIn: 5, bytesOut: 6,
                limits: LimitReply(upload: nil, download: 50 << 20),
                downloads: DownloadCounts([.asking, .waiting, .waiting]), bans: 3,
                indexing: IndexingProgress(
                    state: .hashing, filesDone: 1, filesTotal: 2, bytesDone: 3, bytesTotal: 4, bytesHashed: 2, errors: 0
                ),
                stateError: "no", ticks: .init(p50: 8, p99: 64)))
        try survives(PeersReply(peers: [.init(address: "127.0.0.1:7002", id: "ff", label: "é")], epoch: .max))
        try survives(FilesReply(files: [.init(name: "x", length: 0, root: root, modified: -1)], more: true))
        for state in FileState.allCases {
            try survives(
                FilesReply(
                    files: [.init(name: "x", length: 3, root: nil, modified: 1, state: state, cause: "c")], more: false)
            )
        }
        try survives(LeftReply())
    }

    @Test("Numbers that JSON cannot carry become 0")
    func notFinite() throws {
        for bad in [Double.nan, .infinity, -.infinity] {
            let done = ReqDone(name: "x", root: "", length: 0, seconds: bad, already: true, holders: [])
            #expect(done.seconds == 0)
            try survives(done)
        }
    }

    @Test("Notifications carry the request's id beside the event's fields")
    func notifications() throws {
        let found = FoundEvent(name: "x", root: "00", length: 3, holders: ["127.0.0.1:1"])
        let line = ControlLine.notification(ControlNotification(request: .number(5), event: .found(found)))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"jsonrpc":"2.0","method":"found","params":{"holders":["127.0.0.1:1"],"#
                + #""length":3,"name":"x","request":5,"root":"00"}}"# + "\n")
        for event in [
            ControlEvent.found(found),
            .progress(
                ProgressEvent(
                    name: "x", state: .waiting, have: 1, length: 2, bytesPerSecond: 0.5, holders: 0, waitingFor: "y")),
            .ready(ReadyEvent(path: "/a b/é", bytes: .max, seal: 978_307_200_123_456_789)),
            .verified(VerifiedEvent(name: "x", result: .rotten, badPieces: 3, message: "m")),
            .verified(VerifiedEvent(name: "x", result: .ok)),
        ] {
            let notification = ControlNotification(request: .text("r"), event: event)
            #expect(try answer(ControlLine.notification(notification), ReqDone.self) == .event(notification))
        }
    }

    @Test("A notification of a kind that is not known yet is passed over")
    func unknownNotification() throws {
        let line = Array(#"{"jsonrpc":"2.0","method":"later","params":{}}"#.utf8)
        #expect(try ControlAnswer<LeftReply>(line: line) == .unknownEvent)
    }

    @Test("Every cause reads back with its exit code, and JSON-RPC's code is derived from that")
    func failures() throws {
        for cause in ControlFailure.Cause.allCases {
            let version = VersionInfo(root: "aa", length: 1, modified: nil, holders: ["127.0.0.1:1"])
            let failure = ControlFailure(cause, "it/\u{7}", errno: 28, versions: [version])
            let line = ControlLine.failure(.number(1), failure)
            #expect(try answer(line, LeftReply.self) == .failure(.number(1), failure))
            let text = String(decoding: line, as: UTF8.self)
            #expect(text.contains("\"code\":\(-32000 - cause.exit.rawValue),"))
            #expect(text.contains("\"exit\":\(cause.exit.rawValue),"))
        }
    }

    @Test("A refused request is answered with an id of null and comes out as a usage failure")
    func refusals() throws {
        let line = ControlLine.refusal(ControlRequestError(.parse, "no JSON"))
        #expect(
            String(decoding: line, as: UTF8.self)
                == #"{"error":{"code":-32700,"message":"no JSON"},"id":null,"jsonrpc":"2.0"}"# + "\n")
        #expect(try answer(line, LeftReply.self) == .failure(nil, ControlFailure(.usage, "no JSON")))
    }

    @Test(
        "What is no answer is an error that says so",
        arguments: [
            "", "{", "[]", "{}", #"{"id":1}"#, #"{"id":1,"result":[]}"#, #"{"id":1,"error":1}"#, #"{"method":"found"}"#,
            #"{"id":1,"error":{"code":1,"message":"x","data":{"cause":"unheard-of","message":""}}}"#,
        ])
    func nonsense(line: String) {
        #expect(throws: ControlAnswerError.self) { try ControlAnswer<CancelReply>(line: Array(line.utf8)) }
    }
}
