import CLinux
import Glibc

/// A program that runs as a child of this process, the leader of a session and process group of its own.
///
/// It inherits no descriptor but standard error, which is also its standard output; its standard input is /dev/null; no
/// signal is blocked or ignored in it. It does not end with its owner.
///
/// Invariant: the kernel gives its id to nobody else before `reap` has told how it ended, and no signal is sent after
/// that.
public final class ChildProcess {
    public enum Ending: Hashable, Sendable {
        /// 0 to 255.
        case exited(code: Int32)
        case killed(signal: Int32)
    }

    /// Also the id of its group and of its session.
    public let id: Int32
    private let box: DescriptorBox
    private var ending: Ending?

    /// The calling thread waits until the program is loaded, as a rule less than a millisecond.
    ///
    /// - Parameters:
    ///   - arguments: the program, and what it is given as they are, without a shell. A program without a slash is looked
    ///     up in this process's PATH.
    ///   - environment: all that it gets to see.
    /// - Throws: also EINVAL for no program, and for a text with a zero byte.
    public init(_ arguments: [String], environment: [String: String]) throws(SystemError) {
        let program = arguments.first ?? ""
        let variables = environment.map { "\($0.key)=\($0.value)" }
        guard !program.isEmpty, !(arguments + variables).contains(where: { $0.utf8.contains(0) }) else {
            throw SystemError("start", on: program, code: EINVAL)
        }
        var process: pid_t = 0
        let code = withCStrings(arguments) { arguments in
            withCStrings(variables) { variables in clinux_spawn(&process, arguments, variables) }
        }
        guard code == 0 else { throw SystemError("start", on: program, code: code) }
        let raw = clinux_pidfd_open(process)
        guard raw >= 0 else {
            let failure = SystemError("watch", on: "process \(process), \(program)")
            ChildProcess.endNow(process)
            throw failure
        }
        id = process
        box = DescriptorBox(FileDescriptor(owning: raw))
    }

    /// A descriptor that is readable from the program's end on. Source: pidfd_open(2).
    public var rawValue: Int32 { box.rawValue }

    /// Gives up that descriptor, once: to who closes it.
    public func takeDescriptor() -> FileDescriptor? { box.take() }

    /// - Returns: how the program ended; nil while it runs.
    public func reap() throws(SystemError) -> Ending? {
        if let ending { return ending }
        var status: Int32 = 0
        guard try check("wait for", "process \(id)", { waitpid(id, &status, WNOHANG) }) == id else { return nil }
        // Source: wait(2); the macros WIFEXITED, WEXITSTATUS and WTERMSIG are not visible to Swift.
        let signal = status & 0x7F
        ending = signal == 0 ? .exited(code: status >> 8 & 0xFF) : .killed(signal: signal)
        return ending
    }

    /// Asks the program and all of its group to end (SIGTERM).
    public func terminate() { signalGroup(SIGTERM) }

    /// Ends the program and all of its group (SIGKILL).
    public func kill() { signalGroup(SIGKILL) }

    /// Ends the group and waits for the program's end, which is then known to `reap`: for one that cannot be watched.
    public func endNow() {
        guard ending == nil else { return }
        ChildProcess.endNow(id)
        ending = .killed(signal: SIGKILL)
    }

    private func signalGroup(_ signal: Int32) {
        if ending == nil { Glibc.kill(-id, signal) }
    }

    private static func endNow(_ process: pid_t) {
        Glibc.kill(-process, SIGKILL)
        _ = retrying { waitpid(process, nil, 0) }
    }
}

extension ChildProcess.Ending: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exited(let code): "ended with code \(code)"
        case .killed(let signal): "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}

/// The texts as C takes them: terminated by zero bytes, the list by a null pointer.
private func withCStrings<R>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
