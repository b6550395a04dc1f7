import Foundation
import TestSupport

/// A process of one of the programs, whose standard streams are files; killed, if it still runs, with its owner.
final class Child {
    enum Ending: Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    struct Streams {
        var input = "/dev/null"
        var output: String
        var errors: String
    }

    let pid: pid_t
    let streams: Streams
    private(set) var ending: Ending?

    /// - Parameter environment: all that the process gets to see, `NAME=value`.
    init(_ program: String, _ arguments: [String], environment: [String], streams: Streams) throws {
        self.streams = streams
        pid = try Spawn.start([program] + arguments, environment: environment, streams: streams)
    }

    deinit { end() }

    func signal(_ number: Int32) {
        if poll() == nil { kill(pid, number) }
    }

    /// Kills it, whatever state it is in, and waits until it is gone.
    func end() {
        guard poll() == nil else { return }
        kill(pid, SIGKILL)
        while poll() == nil { usleep(1000) }
    }

    /// - Returns: nil while the process runs.
    func poll() -> Ending? {
        var status: Int32 = 0
        if ending == nil, waitpid(pid, &status, WNOHANG) == pid {
            let signal = status & 0x7F
            ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
        }
        return ending
    }

    func wait(within seconds: Double = Patience.seconds) throws -> Ending {
        try eventually("process \(pid) ends", within: seconds) { poll() != nil }
        return ending ?? .exited(-1)
    }

    var output: String { TextFile.read(streams.output) }
    var errors: String { TextFile.read(streams.errors) }

    /// Resident memory that no daemon of a small swarm comes near, though a believed length of 4 GiB would.
    static let residentBytesMax = 192 * EndToEnd.mebibyte * Sanitizer.slack

    /// Resident memory in bytes: 0 if the process is gone.
    var residentBytes: Int {
        let field = TextFile.read("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let kibibytes = field?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (kibibytes ?? 0) * 1024
    }
}

/// posix_spawn(3) with default signals and an empty mask, whatever the thread that calls has blocked.
private enum Spawn {
    static func start(_ command: [String], environment: [String], streams: Child.Streams) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let written = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, streams.input, O_RDWR, 0)
        posix_spawn_file_actions_addopen(&actions, 1, streams.output, written, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, streams.errors, written, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        reset(&attributes)
        return try withCStrings(command) { argv in
            try withCStrings(environment) { envp in
                var pid: pid_t = 0
                let failure = posix_spawn(&pid, command[0], &actions, &attributes, argv, envp)
                guard failure == 0 else { throw Failure("start \(command[0]): \(String(cString: strerror(failure)))") }
                return pid
            }
        }
    }

    private static func reset(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var defaulted = none
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT] { sigaddset(&defaulted, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaulted)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    private static func withCStrings<R>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> R
    ) rethrows -> R {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return try body(copies + [nil])
    }
}
