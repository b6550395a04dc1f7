import Content
import Foundation
import Logging
import PeerCore
import Posix
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Node

/// Hooks on a reactor of their own, whose programs are shell scripts that write into a directory.
private final class HookLoop: ReactorHandler {
    typealias Completion = PeerCompletion

    let path: String
    let reactor: PeerReactor
    let hooks: Hooks
    private let lines: Lines

    /// - Parameters:
    ///   - complete: a shell script; nil for no program.
    ///   - limits: those of the daemon, unless a test cannot wait for them.
    init(
        complete: String? = nil, error: String? = nil, onComplete: [String]? = nil, seconds: Int = 60,
        limits: Hooks.Limits = Hooks.Limits()
    ) throws {
        path = "\(NSTemporaryDirectory())/p2pd-hooks-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        reactor = try PeerReactor()
        let lines = Lines()
        self.lines = lines
        let settings = HookSettings(
            onComplete: onComplete ?? complete.map { ["/bin/sh", "-c", $0] } ?? [],
            onError: error.map { ["/bin/sh", "-c", $0] } ?? [], secondsMax: seconds)
        let logger = Logger(label: "test") { _ in
            LineLogHandler(logLevel: .warning, write: lines.append, now: { UnixTime(milliseconds: 0) })
        }
        hooks = Hooks(
            settings, share: "/share", reactor: reactor, logger: logger,
            environment: ["PATH": "/usr/bin:/bin", "OUT": path], limits: limits)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var log: [String] { lines.all }

    func run(until isDone: () -> Bool) throws -> Bool {
        let deadline = Deadline(20)
        while !isDone() {
            guard !deadline.isOver else { return false }
            try reactor.tick(self, waitingAtMost: 5_000_000)
        }
        return true
    }

    /// Until nothing runs and nothing waits.
    func runAll() throws -> Bool { try run { hooks.counts == (0, 0) } }

    func finish(_ name: String) throws {
        hooks.downloadFinished(try ended(name))
    }

    func fail(_ name: String, _ failure: FetchFailure = .noSuchDownload) throws {
        hooks.downloadFailed(try ended(name), failure)
    }

    private func ended(_ name: String) throws -> EndedDownload {
        EndedDownload(
            id: DownloadID(rawValue: 1), kind: .tree, name: try ShareName(name), root: .init(digest: .zero, length: 7),
            length: 9)
    }

    func failure(of name: String) throws -> String? { hooks.lastFailure(of: try ShareName(name)) }

    func read(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    func make(_ name: String) { _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: nil) }
    var made: Set<String> { Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []) }

    func ready(_ token: Token, _ mask: EventPoll.Mask) { #expect(hooks.ready(token)) }
    func fired(_ timer: TimerID) { #expect(hooks.fired(timer)) }
    func completed(_ completion: PeerCompletion) {}
    func received(signal: Int32) {}
    func endOfTick() {}
}

private final class Lines: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func append(_ bytes: [UInt8]) { texts.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
}

struct HooksTests {
    @Test("A finished download runs one program and a failed one the other, each with its environment")
    func both() throws {
        let loop = try HookLoop(
            complete: "echo \"$P2PD_NAME $P2PD_PATH $P2PD_LENGTH $P2PD_CAUSE\" > $OUT/complete",
            error: "echo \"$P2PD_NAME $P2PD_CAUSE $P2PD_EXIT $P2PD_MESSAGE\" > $OUT/error")
        loop.hooks.begin()
        try loop.finish("a")
        try loop.fail("b", .occupied("a directory"))
        #expect(try loop.runAll())
        #expect(loop.read("complete") == "a /share/a 9 \n")
        #expect(loop.read("error") == "b occupied 73 b/ cannot be fetched: in its place is a directory\n")
        #expect(loop.log == [])
    }

    @Test("Without a program, and for a download that was cancelled, nothing is run")
    func nothing() throws {
        let bare = try HookLoop()
        bare.hooks.begin()
        try bare.finish("a")
        try bare.fail("a")
        #expect(bare.hooks.counts == (0, 0) && bare.log == [])
        let loop = try HookLoop(error: "exit 0")
        try loop.fail("a", .cancelled)
        #expect(loop.hooks.counts == (0, 0))
    }

    @Test("No more than four run at once; the others wait for their turn and then run, in order")
    func fourAtOnce() throws {
        let loop = try HookLoop(
            complete:
                "touch $OUT/began-$P2PD_NAME; until [ -e $OUT/go ]; do sleep 0.01; done; echo $P2PD_NAME >> $OUT/done")
        for number in 1...6 { try loop.finish("\(number)") }
        #expect(loop.hooks.counts == (4, 2))
        #expect(try loop.run { loop.made.count == 4 })
        #expect(loop.made == ["began-1", "began-2", "began-3", "began-4"])
        loop.make("go")
        #expect(try loop.runAll())
        #expect(loop.read("done")?.split(separator: "\n").sorted() == ["1", "2", "3", "4", "5", "6"])
    }

    @Test("Beyond the line's length a hook is dropped, with a word in the log and for who asks")
    func lineIsFull() throws {
        let loop = try HookLoop(
            complete: "until [ -e $OUT/go ]; do sleep 0.01; done; touch $OUT/done-$P2PD_NAME",
            limits: .init(running: 1, waiting: 2))
        for name in ["a", "b", "c", "d"] { try loop.finish(name) }
        #expect(loop.hooks.counts == (1, 2))
        #expect(try loop.failure(of: "d") == "on_complete /bin/sh: not run: 2 others wait for their turn")
        #expect(loop.log.count == 1 && loop.log[0].contains("hook failed") && loop.log[0].contains("name=d"))
        loop.make("go")
        #expect(try loop.runAll())
        #expect(loop.made == ["go", "done-a", "done-b", "done-c"])
    }

    @Test("How a program failed is kept by name until its hook succeeds")
    func failures() throws {
        let loop = try HookLoop(complete: "[ -e $OUT/good ] || exit 3", error: "kill -6 $$")
        try loop.finish("a")
        try loop.fail("b")
        #expect(try loop.runAll())
        #expect(try loop.failure(of: "a") == "on_complete /bin/sh: it ended with code 3")
        #expect(try loop.failure(of: "b") == "on_error /bin/sh: it was ended by signal 6 (Aborted)")
        #expect(try loop.failure(of: "c") == nil)
        #expect(loop.log.count == 2)
        loop.make("good")
        try loop.finish("a")
        #expect(try loop.runAll())
        #expect(try loop.failure(of: "a") == nil)
    }

    @Test("A missing program is told at the start, and fails each of its hooks without holding the next")
    func missing() throws {
        let loop = try HookLoop(onComplete: ["/no/such/program", "x"])
        loop.hooks.begin()
        #expect(loop.log.count == 1 && loop.log[0].contains("/no/such/program"))
        for name in ["a", "b"] { try loop.finish(name) }
        #expect(loop.hooks.counts == (0, 0))
        #expect(
            try loop.failure(of: "b")
                == "on_complete /no/such/program: start /no/such/program: No such file or directory (errno 2)")
    }

    @Test("A program that is not done in time is asked to end, and one that listens is gone at once")
    func overdue() throws {
        let loop = try HookLoop(complete: "sleep 100", seconds: 1, limits: .init(grace: .seconds(100)))
        let start = MonotonicClock.nanoseconds()
        try loop.finish("a")
        #expect(try loop.runAll())
        #expect(MonotonicClock.nanoseconds() - start >= 1_000_000_000)
        #expect(
            try loop.failure(of: "a")
                == "on_complete /bin/sh: not done after 1 s; it was ended by signal 15 (Terminated)")
    }

    @Test("One that does not listen is killed, with all it started, and the next has its turn")
    func deaf() throws {
        let loop = try HookLoop(
            complete:
                "trap '' TERM; [ $P2PD_NAME = b ] || { sleep 1000 & echo $! > $OUT/child; wait; wait; sleep 1000; }",
            seconds: 1, limits: .init(running: 1, grace: .milliseconds(100)))
        for name in ["a", "b"] { try loop.finish(name) }
        #expect(try loop.runAll())
        #expect(
            try loop.failure(of: "a") == "on_complete /bin/sh: not done after 1 s; it was ended by signal 9 (Killed)")
        #expect(try loop.failure(of: "b") == nil)
        let child = try #require(loop.read("child").flatMap { Int32($0.dropLast()) })
        #expect(try loop.run { hasEnded(child) })
    }

    @Test("What a program leaves running when it ends too late is ended with it")
    func leftover() throws {
        let loop = try HookLoop(
            complete: "(trap '' TERM; sleep 1000 & echo $! > $OUT/child; wait; wait) & sleep 1000", seconds: 1)
        try loop.finish("a")
        #expect(try loop.runAll())
        let child = try #require(loop.read("child").flatMap { Int32($0.dropLast()) })
        #expect(try loop.run { hasEnded(child) })
    }

    @Test("What waits when the daemon ends is not run, and what runs is left to finish")
    func end() throws {
        let loop = try HookLoop(
            complete: "until [ -e $OUT/go ]; do sleep 0.01; done; touch $OUT/done-$P2PD_NAME", limits: .init(running: 1)
        )
        for name in ["a", "b"] { try loop.finish(name) }
        loop.hooks.end()
        #expect(loop.hooks.counts == (1, 0))
        #expect(try loop.failure(of: "b") == "on_complete /bin/sh: not run, since the daemon ends")
        loop.make("go")
        #expect(try loop.runAll())
        #expect(loop.made == ["go", "done-a"])
    }

    /// Gone, or a zombie whose new parent does not care.
    private func hasEnded(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
        return text.split(separator: ")").last?.split(separator: " ").first == "Z"
    }
}
