import Content
import Testing

@testable import Control

@Suite struct ReqTests {
    @Test(
        "Wrong parameters are refused with a message that names them",
        arguments: [
            (#"{}"#, "name"), (#"{"name":7}"#, "name"), (#"{"name":null}"#, "name"), (#"{"name":""}"#, "name"),
            (#"{"name":"../x"}"#, "name"), (#"{"name":"/etc/passwd"}"#, "name"), (#"{"name":"a//b"}"#, "name"),
            (#"{"name":"a/"}"#, "name"), (#"{"name":"a\u0000b"}"#, "name"), (#"{"name":"a\nb"}"#, "name"),
            (#"{"name":"x","root":"12"}"#, "root"), (#"{"name":"x","root":5}"#, "root"),
            (#"{"name":"x","force":"yes"}"#, "force"), (#"{"name":"x","force":1}"#, "force"),
            (#"{"name":"x","backup":0}"#, "backup"), (#"{"name":"x","tree":"a"}"#, "tree"),
            (#"{"name":"x","background":[]}"#, "background"), (#"{"name":"x","stream":1}"#, "stream"),
            (#"{"name":"x","choose":"oldest"}"#, "choose"), (#"{"name":"x","choose":true}"#, "choose"),
            (#"{"name":"x","timeout":0}"#, "timeout"), (#"{"name":"x","timeout":-1}"#, "timeout"),
            (#"{"name":"x","timeout":1e300}"#, "timeout"), (#"{"name":"x","timeout":1e999}"#, "timeout"),
            (#"{"name":"x","timeout":"1"}"#, "timeout"), (#"{"name":"x","priority":101}"#, "priority"),
            (#"{"name":"x","priority":-101}"#, "priority"), (#"{"name":"x","priority":1.5}"#, "priority"),
            (#"{"name":"x","priority":1e99}"#, "priority"), (#"{"name":"x","priority":"1"}"#, "priority"),
            (#"{"name":"x","forse":true}"#, "forse"), (#"{"name":"x","sync":null,"a":1}"#, "a"),
            (#"{"name":"x","stream":true,"tree":true}"#, "stream"),
            (#"{"name":"x","stream":true,"background":true}"#, "stream"),
            (#"{"name":"x","choose":"newest","root":"\#(String(repeating: "a", count: 64))"}"#, "choose"),
        ])
    func wrong(params: String, field: String) {
        RequestLine.refuses("req", params, field: field)
    }

    @Test("Priorities to both ends of their range are taken", arguments: [-100, 0, 100])
    func priorities(priority: Int) throws {
        let name = try ShareName("x")
        #expect(
            try RequestLine.call("req", #"{"name":"x","priority":\#(priority)}"#)
                == .req(ReqParams(name: name, priority: priority)))
    }

    private func survives(_ done: ReqDone) throws {
        let line = ControlLine.reply(.number(1), done)
        #expect(try ControlAnswer<ReqDone>(line: line.dropLast()) == .result(.number(1), done))
    }

    @Test("Every reply reads back as what was written")
    func replies() throws {
        let root = String(repeating: "ab", count: 32)
        let holders = [HolderBytes(address: "127.0.0.1:7002", bytes: .max), HolderBytes(address: "[::1]:1", bytes: 0)]
        try survives(
            ReqDone(name: "a/é\u{1b}\n", root: root, length: .max, seconds: 0.451, already: false, holders: holders))
        try survives(
            ReqDone(name: "x", state: .queued, root: nil, length: nil, seconds: 0, already: false, holders: []))
        try survives(
            ReqDone(
                name: "x", root: root, length: 1, seconds: 0, already: false, backup: "x.~1~", holders: [],
                files: TreeCounts(
                    total: 3, fetched: 1, already: 1, failed: [.init(name: "x/é", cause: .diskFull, message: "full")])))
        for bad in [Double.nan, .infinity, -.infinity] {
            let done = ReqDone(name: "x", root: "", length: 0, seconds: bad, already: true, holders: [])
            #expect(done.seconds == 0)
            try survives(done)
        }
    }

    @Test("What is not there is left out of a reply, so that a script sees only what is")
    func leftOut() {
        let done = ReqDone(name: "x", root: "00", length: 1, seconds: 0, already: true, holders: [])
        #expect(
            String(decoding: ControlLine.json(done), as: UTF8.self)
                == #"{"already":true,"holders":[],"length":1,"name":"x","received":0,"root":"00","seconds":0,"state":"done"}"#
                + "\n"
        )
    }

    @Test("Of a directory with very many failures a thousand are named, and that there are more is said")
    func manyFailures() {
        let failed = (0..<1001).map { TreeCounts.Failed(name: "\($0)", cause: .gone, message: "") }
        let all = TreeCounts(total: 1001, fetched: 0, already: 0, failed: failed)
        #expect(all.failed.count == 1000)
        #expect(all.more)
        let directories = TreeCounts(
            total: 600, fetched: 0, already: 0, failed: Array(failed.dropLast()), failedFiles: 600,
            failedDirectories: 401)
        #expect(directories.more)
        #expect(!TreeCounts(total: 1000, fetched: 0, already: 0, failed: Array(failed.dropLast())).more)
    }

    @Test("A directory ends with the code of the first file that failed, a whole one with 0")
    func exit() {
        let counts = { (failed: [TreeCounts.Failed]) in TreeCounts(total: 2, fetched: 2, already: 0, failed: failed) }
        let done = { (files: TreeCounts?) in
            ReqDone(name: "x", root: nil, length: nil, seconds: 0, already: false, holders: [], files: files)
        }
        #expect(done(nil).exit == .done)
        #expect(done(counts([])).exit == .done)
        let failed: [TreeCounts.Failed] = [
            .init(name: "a", cause: .gone, message: ""), .init(name: "b", cause: .integrity, message: ""),
        ]
        #expect(done(counts(failed)).exit == .gone)
    }
}
