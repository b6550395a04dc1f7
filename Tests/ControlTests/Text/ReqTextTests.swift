import Testing

@testable import Control

@Suite struct ReqTextTests {
    private func done(already: Bool = false, seconds: Double = 2, holders: [UInt64]) -> [String] {
        let holders = holders.enumerated().map { HolderBytes(address: "127.0.0.1:\(7002 + $0)", bytes: $1) }
        return ReqText.done(
            ReqDone(
                name: "a\u{1b}", root: "", length: 4 << 20, seconds: seconds, received: 4 << 20, already: already,
                holders: holders))
    }

    @Test("A finished download is told with size, time, rate and the bytes of each holder")
    func finished() {
        #expect(
            done(holders: [3 << 20, 1 << 20]) == [
                "done a\\u{1b}  4 MiB in 2.00 s (2 MiB/s)", "  from  127.0.0.1:7002  3 MiB  75 %",
                "  from  127.0.0.1:7003  1 MiB  25 %",
            ])
    }

    @Test("Of what had come before the request no rate is told, and no file that was replaced goes without its word")
    func taken() {
        let done = ReqDone(
            name: "d/", root: "", length: 4 << 20, seconds: 2, received: 1 << 20, already: false, holders: [],
            files: TreeCounts(total: 2, fetched: 2, already: 0, failed: [], backups: 2))
        #expect(
            ReqText.done(done) == [
                "done d/  4 MiB in 2.00 s (512 KiB/s)", "  2 files: 2 fetched",
                "  2 replaced files are kept as NAME.~N~",
            ])
    }

    @Test("Who only waited for the end is told no time and no rate")
    func waited() {
        let done = ReqDone(
            name: "a", root: "", length: 1024, seconds: 0.01, already: false,
            holders: [HolderBytes(address: "a:1", bytes: 1024)])
        #expect(ReqText.done(done, isWhole: false) == ["done a  1 KiB", "  from  a:1  1 KiB  100 %"])
    }

    @Test("What was found is told with its holders, if any are known")
    func found() {
        let root = String(repeating: "ab", count: 32)
        let text = { ReqText.found(FoundEvent(name: "a", root: root, length: 1024, holders: $0)) }
        #expect(text(["b:1", "c:2"]) == "found a  1 KiB  root abababababab  at b:1 c:2")
        #expect(text([]) == "found a  1 KiB  root abababababab")
    }

    @Test("Absurd amounts and times do not crash the summary")
    func absurd() {
        #expect(done(seconds: 0, holders: [.max, .max, 0]).count == 4)
        #expect(done(seconds: -1, holders: []).count == 1)
    }

    @Test("A file that was here is told so and nothing else")
    func already() {
        #expect(done(already: true, holders: []) == ["a\\u{1b} is already here"])
    }

    @Test("Progress in a pipe names the file and the amounts")
    func progress() {
        let event = ProgressEvent(
            name: "x y", state: .fetching, have: 1 << 20, length: 4 << 20, bytesPerSecond: 1_048_576, holders: 1)
        #expect(ReqText.progress(event) == "progress x y  25 %  1 MiB of 4 MiB  1 MiB/s  0:03 left  1 holder")
        let asking = ProgressEvent(name: "x", state: .asking, have: 0, length: 0, bytesPerSecond: 0, holders: 0)
        #expect(ReqText.progress(asking) == "progress x  asking who has it")
        let paused = ProgressEvent(
            name: "x", state: .paused, have: 1, length: 4, bytesPerSecond: 0, holders: 0, waitingFor: "1 GiB of space")
        #expect(ReqText.progress(paused) == "progress x  25 %  1 B of 4 B  paused; waiting for 1 GiB of space")
    }

    @Test("A request in the background is told with the command that waits for it")
    func background() {
        let queued = ReqDone(
            name: "a b/", state: .queued, root: nil, length: nil, seconds: 0, already: false, holders: [])
        #expect(ReqText.done(queued) == ["queued a b/  in the background; p2pctl wait 'a b/' waits for it"])
    }

    @Test("A directory is told with its counts and every file that failed, and what was replaced with its new name")
    func tree() {
        let files = TreeCounts(
            total: 4, fetched: 2, already: 1, failed: [.init(name: "d/\u{1b}", cause: .gone, message: "no holder\n")])
        let done = ReqDone(
            name: "d/", root: "00", length: 1024, seconds: 1, received: 1024, already: false, backup: "d.~1~",
            holders: [HolderBytes(address: "127.0.0.1:7002", bytes: 1024)], files: files)
        #expect(
            ReqText.done(done) == [
                "done d/  1 KiB in 1.00 s (1 KiB/s)", "  from  127.0.0.1:7002  1 KiB  100 %",
                "  what it replaced is kept as d.~1~", "  4 files: 2 fetched, 1 already here, 1 failed",
                "  failed d/\\u{1b}: no holder\\n",
            ])
    }

    @Test("Directories that could not be made are counted apart from files, whose counts add up")
    func directories() {
        let failed = (0..<3).map { TreeCounts.Failed(name: "d/\($0)", cause: .exists, message: "no") }
        let files = TreeCounts(
            total: 3, fetched: 1, already: 0, failed: failed, failedFiles: 2, failedDirectories: 1)
        let done = ReqDone(
            name: "d", root: "00", length: 0, seconds: 0, already: true, holders: [], files: files)
        #expect(ReqText.done(done)[1] == "  3 files: 1 fetched, 2 failed; 1 directory failed")
    }
}

@Suite struct FailureTextTests {
    private let versions = [
        VersionInfo(root: String(repeating: "ab", count: 32), length: 1024, modified: 0, holders: ["a:1", "b:2"]),
        VersionInfo(root: "\u{1b}", length: 1, modified: nil, holders: []),
    ]

    @Test("A conflict lists each version and the command that chooses it, with nothing a terminal would act on")
    func conflict() {
        let failure = ControlFailure(.conflict, "two\u{7}", versions: versions)
        let lines = FailureText.lines(failure, name: "it's -x")
        #expect(lines.first == "two\\u{7}")
        #expect(lines[2] == "  abababababab  1 KiB  1970-01-01 00:00 UTC  a:1 b:2")
        #expect(lines[5] == "  p2pctl req --root \(versions[0].root) 'it'\\''s -x'")
        #expect(lines.count == 7)
        #expect(!lines.joined().unicodeScalars.contains { $0.value < 32 })
    }

    @Test("Other failures are their message alone")
    func plain() {
        #expect(FailureText.lines(ControlFailure(.gone, "gone"), name: "x") == ["gone"])
    }
}

@Suite struct ShellTextTests {
    @Test(
        "A name is typed into a shell as one word that is no option",
        arguments: [
            ("a/b-1.bin", "a/b-1.bin"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("-x", "-- -x"), ("$(x)", "'$(x)'"),
            ("é", "'é'"), ("", "''"), ("'\u{301}", "''\\''\u{301}'"),
        ])
    func arguments(name: String, word: String) {
        #expect(Array(ShellText.argument(name).utf8) == Array(word.utf8))
    }
}

@Suite struct ReportTextTests {
    @Test("Names and labels from other machines cannot control the terminal")
    func escaped() {
        let evil = "x\u{1b}[2J\n"
        let lines =
            ReportText.peers(PeersReply(peers: [.init(address: evil, id: evil, label: evil)], epoch: 1))
            + ReportText.files([.init(name: evil, length: 1, root: evil, modified: 0)])
        #expect(!lines.joined().unicodeScalars.contains { $0.value < 32 })
    }

    @Test("Files show their state only if some are not ready, and then why")
    func fileStates() {
        let root = String(repeating: "ab", count: 32)
        let ready = FilesReply.File(name: "a.bin", length: 1024, root: root, modified: 0)
        #expect(
            ReportText.files([ready]) == [
                " SIZE  MODIFIED              ROOT          NAME",
                "1 KiB  1970-01-01 00:00 UTC  abababababab  a.bin",
            ])
        let files = [
            ready,
            .init(name: "b.bin", length: 2048, root: nil, modified: 60, state: .changed),
            .init(name: "c\u{7}", length: 0, root: nil, modified: 0, state: .error, cause: "no\u{1B}name"),
        ]
        #expect(
            ReportText.files(files) == [
                "STATE     SIZE  MODIFIED              ROOT          NAME",
                "ready    1 KiB  1970-01-01 00:00 UTC  abababababab  a.bin",
                "changed  2 KiB  1970-01-01 00:01 UTC  -             b.bin",
                "error        -  -                     -             c\\u{7}  (no\\u{1b}name)",
            ])
    }

    @Test("Nothing to list is said in words")
    func empty() {
        #expect(ReportText.files([]) == ["no files are shared"])
        #expect(ReportText.peers(PeersReply(peers: [], epoch: 3)) == ["0 peers, roster epoch 3"])
    }

    @Test("Status says how far the index is and why the manager is not joined")
    func status() {
        let lines = ReportText.status(
            StatusReply(
                version: "1", id: "ab", share: "/s", listen: "127.0.0.1:7001", uptimeSeconds: 65,
                manager: ManagerLink(address: "127.0.0.1:7400", state: .waiting, error: "refused"), epoch: 2, peers: 1,
                files: 1, connections: 0, bytesIn: 0, bytesOut: 1024,
                limits: LimitReply(upload: 50 << 20, download: nil), downloads: DownloadCounts([.waiting, .queued]),
                bans: 0,
                indexing: IndexingProgress(
                    state: .hashing, filesDone: 1, filesTotal: 2, bytesDone: 0, bytesTotal: 2048, bytesHashed: 0,
                    errors: 1),
                stateError: "nothing is recorded", ticks: .init(p50: 8, p99: 64)))
        #expect(lines.contains("manager      127.0.0.1:7400, waiting: refused"))
        #expect(
            lines.contains("index        hashing: 1 of 2 files, 0 B of 2 KiB, 1 file with an error, see `p2pctl files`")
        )
        #expect(lines.last == "state        nothing is recorded")
        #expect(lines.contains("roster       1 peer, epoch 2"))
        #expect(lines.contains("limits       upload 50M/s, download none"))
        #expect(lines.contains("downloads    1 queued, 1 waiting"))
        #expect(lines.contains("bans         none"))
    }
}
