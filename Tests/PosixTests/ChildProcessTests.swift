import Foundation
import Posix
import Testing

@Suite struct ChildProcessTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func shell(
        _ script: String, _ arguments: String..., environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try ChildProcess(["/bin/sh", "-c", script, "sh"] + arguments, environment: environment)
    }

    /// Waits until the process's descriptor is readable.
    private func awaitEnd(_ process: ChildProcess) throws -> ChildProcess.Ending? {
        let poll = try EventPoll(capacity: 1)
        try poll.add(process.rawValue, .readable, token: 0)
        try #require(try poll.wait(timeoutNanoseconds: 20_000_000_000) == 1)
        return try process.reap()
    }

    /// A field of proc_pid_status(5).
    private func status(_ field: String, of process: Int32) -> String? {
        let lines = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8))?.split(separator: "\n")
        return lines?.first { $0.hasPrefix(field + ":") }?.dropFirst(field.count + 1)
            .trimmingCharacters(in: .whitespaces)
    }

    private func isAlive(_ process: Int32) -> Bool {
        status("State", of: process).map { !$0.hasPrefix("Z") } ?? false
    }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        let deadline = MonotonicClock.nanoseconds() + 20_000_000_000
        while try !condition() {
            guard MonotonicClock.nanoseconds() < deadline else { return false }
            usleep(1000)
        }
        return true
    }

    @Test("How a program ended is told once it has, and stays told", arguments: [0, 3, 255] as [Int32])
    func exitCode(code: Int32) throws {
        let process = try shell("exit \(code)")
        #expect(try awaitEnd(process) == .exited(code: code))
        #expect(try process.reap() == .exited(code: code))
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(process.id)"))
    }

    @Test("A program that a signal ended is told apart from one that ended with that number")
    func signalled() throws {
        #expect(try awaitEnd(shell("kill -9 $$")) == .killed(signal: 9))
        #expect("\(ChildProcess.Ending.killed(signal: 9))" == "was ended by signal 9 (Killed)")
        #expect("\(ChildProcess.Ending.exited(code: 9))" == "ended with code 9")
    }

    @Test("While a program runs there is no ending, and its descriptor is not readable")
    func running() throws {
        let process = try ChildProcess(["sleep", "100"], environment: [:])
        let poll = try EventPoll(capacity: 1)
        try poll.add(process.rawValue, .readable, token: 0)
        #expect(try poll.wait(timeoutNanoseconds: 0) == 0)
        #expect(try process.reap() == nil)
        process.kill()
        #expect(try awaitEnd(process) == .killed(signal: SIGKILL))
    }

    @Test("Arguments come as they are: no shell looks at them")
    func arguments() throws {
        let script = "printf '%s|' \"$@\" > '\(scratch.path)/out'"
        #expect(try awaitEnd(shell(script, "a b", "$HOME", "; exit 9", "*", "")) == .exited(code: 0))
        #expect(scratch.read("out") == "a b|$HOME|; exit 9|*||")
    }

    @Test("The environment is what was given and nothing else")
    func environment() throws {
        let given = ["ONE": "1 one=", "TWO": "é\n", "EMPTY": ""]
        let process = try shell("cat /proc/$$/environ > '\(scratch.path)/out'", environment: given)
        #expect(try awaitEnd(process) == .exited(code: 0))
        let lines = try #require(scratch.read("out")).split(separator: "\0")
        #expect(Set(lines) == ["ONE=1 one=", "TWO=é\n", "EMPTY="])
    }

    @Test("Only the three standard streams are open, even if the caller has others that are not close-on-exec")
    func descriptors() throws {
        let inherited = try #require(open("/dev/null", O_RDONLY) as Int32?)
        defer { close(inherited) }
        try #require(fcntl(inherited, F_GETFD) == 0)
        let process = try ChildProcess(["sleep", "100"], environment: [:])
        defer { process.endNow() }
        func target(_ number: Int, of process: String) throws -> String {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(number)")
        }
        // The loader may still have a library open.
        #expect(
            try eventually {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.id)/fd").sorted() == [
                    "0", "1", "2",
                ]
            })
        #expect(try target(0, of: "\(process.id)") == "/dev/null")
        for number in [1, 2] { #expect(try target(number, of: "\(process.id)") == target(2, of: "self")) }
    }

    @Test("No signal is blocked or ignored, though the caller blocks and ignores some")
    func signals() throws {
        SignalDescriptor.ignoreBrokenPipes()
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let process = try ChildProcess(["sleep", "100"], environment: [:])
        defer { process.endNow() }
        #expect(status("SigBlk", of: process.id) == "0000000000000000")
        // glibc keeps 32 and 33, which have no names, for itself.
        let ignored = try #require(status("SigIgn", of: process.id).flatMap { UInt64($0, radix: 16) })
        #expect(ignored & 0x7FFF_FFFF == 0)
    }

    @Test("How a program ended is known even to a process that was started with SIGCHLD ignored")
    func ignoredChildren() throws {
        signal(SIGCHLD, SIG_IGN)
        defer { signal(SIGCHLD, SIG_DFL) }
        #expect(try awaitEnd(shell("exit 5")) == .exited(code: 5))
    }

    @Test("A program leads a session and a group of its own")
    func session() throws {
        let process = try ChildProcess(["sleep", "100"], environment: [:])
        defer { process.endNow() }
        #expect(getsid(process.id) == process.id)
        #expect(getpgid(process.id) == process.id)
    }

    @Test("What ends a program ends its group with it")
    func group() throws {
        let process = try shell(
            "sleep 100 & echo $! > '\(scratch.path)/child.new'; mv '\(scratch.path)/child.new' '\(scratch.path)/child'; wait"
        )
        #expect(eventually { scratch.read("child") != nil })
        let child = try #require(scratch.read("child").flatMap { Int32($0.dropLast()) })
        #expect(isAlive(child))
        process.terminate()
        #expect(try awaitEnd(process) == .killed(signal: SIGTERM))
        #expect(eventually { !isAlive(child) })
    }

    @Test("To end a program at once leaves nothing to wait for")
    func endNow() throws {
        let process = try shell("trap '' TERM; sleep 100")
        process.endNow()
        #expect(try process.reap() == .killed(signal: SIGKILL))
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(process.id)"))
        process.endNow()
        process.kill()
    }

    @Test("A program that cannot be started is an error that names it and why")
    func missing() throws {
        try scratch.write("text", "no program")
        for (program, number) in [
            ("\(scratch.path)/none", ENOENT), ("no-such-program-anywhere", ENOENT), ("\(scratch.path)/text", EACCES),
            (scratch.path, EACCES), ("", EINVAL), ("a\0b", EINVAL),
        ] {
            do throws(SystemError) {
                _ = try ChildProcess([program], environment: [:])
                Issue.record("\(program) was started")
            } catch {
                #expect(error.subject == program && error.code == number, "\(error)")
            }
        }
        #expect(code { _ = try ChildProcess([], environment: [:]) } == EINVAL)
        #expect(code { _ = try ChildProcess(["true"], environment: ["A": "b\0c"]) } == EINVAL)
    }
}
