import Testing

@testable import Control

@Suite struct WhoTextTests {
    private let first = String(repeating: "a", count: 64)
    private let second = String(repeating: "b", count: 64)

    private func reply(_ versions: [WhoReply.Version], silent: Int = 0, local: String? = nil) -> WhoReply {
        WhoReply(versions: versions, asked: 4, silent: silent, local: local)
    }

    @Test("Several versions are lines with their age and holders, and the commands that fetch each")
    func several() {
        let lines = WhoText.lines(
            reply(
                [
                    .init(
                        root: first, length: 2048, modified: 0,
                        holders: [
                            .init(address: "a:1", complete: true, have: 2048),
                            .init(address: "b:2", complete: false, have: 1024),
                        ]),
                    .init(
                        root: second, length: 1, modified: nil,
                        holders: [.init(address: "c:3", complete: true, have: 1)]),
                ], silent: 1, local: first), name: "a b", now: 7200)
        #expect(
            lines == [
                "ROOT           SIZE  MODIFIED              AGE  HOLDERS",
                "aaaaaaaaaaaa  2 KiB  1970-01-01 00:00 UTC  2 h  3: a:1 b:2 (1 KiB of it) here",
                "bbbbbbbbbbbb    1 B  unknown                 -  1: c:3",
                "1 of 4 peers did not answer and may have others", "To fetch one of them:",
                "  p2pctl req --root \(first) 'a b'", "  p2pctl req --root \(second) 'a b'",
            ])
    }

    @Test("What only this peer has is a line beside what others have, and nothing to fetch")
    func own() {
        let theirs = WhoReply.Version(
            root: first, length: 1, modified: nil, holders: [.init(address: "c:3", complete: true, have: 1)])
        let own = WhoReply.Version(root: second, length: 2048, modified: 0, holders: [])
        let banned = WhoReply(versions: [theirs, own], asked: 1, silent: 0, banned: 2, local: second)
        #expect(
            WhoText.lines(banned, name: "a", now: 7200) == [
                "ROOT           SIZE  MODIFIED              AGE  HOLDERS",
                "aaaaaaaaaaaa    1 B  unknown                 -  1: c:3",
                "bbbbbbbbbbbb  2 KiB  1970-01-01 00:00 UTC  2 h  1: here",
                "2 banned peers were not asked and may have others: see `p2pctl bans`",
            ])
        #expect(
            WhoText.lines(reply([own], local: second), name: "x", now: 0) == ["only this peer has x: root \(second)"])
    }

    @Test("One version needs no choice, and one that only this peer has is said so")
    func one() {
        let version = WhoReply.Version(
            root: "\u{1b}", length: 0, modified: 10, holders: [.init(address: "a:1", complete: true, have: 0)])
        let lines = WhoText.lines(reply([version]), name: "x", now: 0)
        #expect(lines.count == 2)
        #expect(!lines.joined().unicodeScalars.contains("\u{1b}"))
        #expect(
            WhoText.lines(reply([], local: "ff"), name: "x\u{7}", now: 0) == ["only this peer has x\\u{7}: root ff"])
        let unfit = WhoReply(versions: [], asked: 1, silent: 0, local: "ff", unfit: ["a:1"])
        #expect(
            WhoText.lines(unfit, name: "d/", now: 0) == [
                "only this peer has d/: root ff",
                "a:1 has it and cannot offer it as a whole: `p2pctl files` there says why",
            ])
        #expect(WhoText.lines(reply([], silent: 2), name: "x", now: 0).count == 2)
    }
}
