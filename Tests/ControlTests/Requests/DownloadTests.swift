import Content
import Testing

@testable import Control

/// What clients do with downloads that run: `wait`, `cancel`, `pause`, `resume`, `priority`, `downloads`.
@Suite struct DownloadTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [
            ("wait", #"{}"#, "name"), ("wait", #"{"name":"../x"}"#, "name"),
            ("wait", #"{"name":"x","all":true}"#, "all"),
            ("cancel", #"{}"#, "name"), ("cancel", #"{"name":"x","keepData":1}"#, "keepData"),
            ("cancel", #"{"name":"x","keepdata":true}"#, "keepdata"), ("pause", #"{}"#, "name"),
            ("pause", #"{"all":false}"#, "name"), ("pause", #"{"all":true,"name":"x"}"#, "all"),
            ("pause", #"{"all":"yes"}"#, "all"), ("resume", #"{"name":"a//b"}"#, "name"),
            ("resume", #"{"names":["x"]}"#, "names"), ("priority", #"{"name":"x"}"#, "priority"),
            ("priority", #"{"priority":1}"#, "name"), ("priority", #"{"name":"x","priority":101}"#, "priority"),
            ("priority", #"{"name":"x","priority":null}"#, "priority"),
            ("priority", #"{"name":"x","priority":[]}"#, "priority"),
        ])
    func wrong(method: String, params: String, field: String) {
        RequestLine.refuses(method, params, field: field)
    }

    private func survives<Reply: Codable & Equatable & Sendable>(_ reply: Reply) throws {
        let line = ControlLine.reply(.number(1), reply)
        #expect(try ControlAnswer<Reply>(line: line.dropLast()) == .result(.number(1), reply))
    }

    @Test("Every reply reads back as what was written")
    func replies() throws {
        try survives(CancelReply(name: "x"))
        try survives(ChosenReply(names: ["a", "é\n"]))
        try survives(PriorityReply(name: "x", priority: -100))
        let holders = [HolderBytes(address: "127.0.0.1:7002", bytes: .max)]
        try survives(
            DownloadsReply(
                downloads: DownloadState.allCases.map { state in
                    .init(
                        id: .max, kind: .tree, name: "x", root: "00", length: 10, have: 3, state: state,
                        cause: "no holder",
                        needs: 7, bytesPerSecond: 1.5, priority: 5, holders: holders, hook: "exit 3")
                } + [
                    .init(
                        id: 0, name: "y", root: nil, length: nil, have: 0, state: .asking, bytesPerSecond: 0,
                        holders: [])
                ]))
    }

    @Test("Downloads are counted by what they do, each once")
    func counts() {
        let counts = DownloadCounts(DownloadState.allCases + [.queued])
        #expect(counts.queued == 2)
        #expect(counts.running == 4)
        #expect(counts.waiting == 1)
        #expect(counts.paused == 2)
        #expect(counts.failed == 1)
    }
}
