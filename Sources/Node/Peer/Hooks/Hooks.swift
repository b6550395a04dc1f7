import Content
import DequeModule
import FoundationEssentials
import Logging
import PeerCore
import Posix
import Reactor

/// Runs the programs of `on_complete` and `on_error`, a few at a time, each for a limited time.
///
/// Nobody waits for them: a program is a child process whose end is an event of the reactor, and a download that has
/// ended does not know of its hook. What goes wrong with one is logged, and kept in words.
final class Hooks {
    struct Limits {
        /// Programs at one time; more would only take turns on the processor.
        var running = 4
        /// Hooks that wait for their turn; each keeps a name and a few texts.
        var waiting = 1024
        /// From SIGTERM to SIGKILL: to tidy up.
        var grace = Span.seconds(2)
    }

    private let settings: HookSettings
    private let share: String
    private let environment: [String: String]
    private let reactor: PeerReactor
    private let logger: Logger
    private let limits: Limits
    private var waiting: Deque<Hook> = []
    private var runs: [Token: HookRun] = [:]
    private var failures = HookFailures()

    /// - Parameters:
    ///   - share: the absolute path of the directory.
    ///   - environment: the daemon's own.
    init(
        _ settings: HookSettings, share: String, reactor: PeerReactor, logger: Logger,
        environment: [String: String] = ProcessInfo.processInfo.environment, limits: Limits = Limits()
    ) {
        self.settings = settings
        self.share = share
        self.environment = environment
        self.reactor = reactor
        self.logger = logger
        self.limits = limits
    }

    /// Programs that run now, and hooks that wait for their turn.
    var counts: (running: Int, waiting: Int) { (runs.count, waiting.count) }

    /// What went wrong with the last hook of this name, in words; nil if nothing did.
    func lastFailure(of name: ShareName) -> String? { failures[name]?.text }

    /// What went wrong with the last hook of each name, the oldest first.
    var lastFailures: [HookFailure] { failures.all }

    /// - Returns: whether there was anything to forget.
    func forget(_ name: ShareName) -> Bool {
        defer { failures.clear(name) }
        return failures[name] != nil
    }

    /// Says which programs are missing. They may come yet, so that is no error.
    func begin() {
        warn(of: settings.onComplete, PeerSettings.onComplete.name)
        warn(of: settings.onError, PeerSettings.onError.name)
    }

    private func warn(of command: [String], _ setting: SettingName) {
        guard let program = command.first, !Executable.isThere(program, searchPath: environment["PATH"]) else { return }
        logger.warning(
            "hooks will fail: there is no such program, or it is not executable",
            metadata: ["setting": "\(setting.key)", "program": "\(program)"])
    }

    /// The file, or directory, is in the share. Of what came as a part of a directory nobody is told but with that.
    func downloadFinished(_ download: EndedDownload) {
        guard !settings.onComplete.isEmpty, !download.isMember else { return }
        add(Hook(complete: settings.onComplete, download, share: share))
    }

    /// Whoever cancelled a download knows of it.
    func downloadFailed(_ download: EndedDownload, _ failure: FetchFailure) {
        guard !settings.onError.isEmpty, failure != .cancelled, !download.isMember else { return }
        add(
            Hook(error: settings.onError, download, share: share, failure.text(for: download.kind.shown(download.name)))
        )
    }

    /// The daemon ends: what runs goes on without it, and what waits is not run.
    func end() {
        for hook in waiting { failed(hook, "not run, since the daemon ends") }
        waiting = []
    }

    // MARK: The line

    private func add(_ hook: Hook) {
        guard waiting.count < limits.waiting else {
            return failed(hook, "not run: \(limits.waiting) others wait for their turn")
        }
        waiting.append(hook)
        startNext()
    }

    private func startNext() {
        while runs.count < limits.running, let hook = waiting.popFirst() {
            do throws(SystemError) { try start(hook) } catch { failed(hook, "\(error)") }
        }
    }

    private func start(_ hook: Hook) throws(SystemError) {
        let process = try ChildProcess(hook.command, environment: hook.environment(over: environment))
        do throws(SystemError) {
            let token = try reactor.register(process.rawValue, .readable)
            let timer = timer(after: Span(seconds: Double(settings.secondsMax)))
            runs[token] = HookRun(hook: hook, process: process, phase: .inTime(timer))
        } catch {
            process.endNow()
            throw error
        }
        log(hook, process, "hook started")
    }

    // MARK: Events

    /// - Returns: whether the descriptor belongs to a hook.
    func ready(_ token: Token) -> Bool {
        guard let run = runs[token] else { return false }
        // What it has left running in its group is overdue too. Before `reap`, for until then the group's id is its own.
        if !run.isInTime { run.process.kill() }
        do throws(SystemError) {
            guard let ending = try run.process.reap() else { return true }
            ended(run, ending)
        } catch {
            failed(run.hook, "\(error)")
        }
        runs[token] = nil
        if let timer = run.timer { reactor.cancelTimer(timer) }
        reactor.close(token, run.process.takeDescriptor())
        startNext()
        return true
    }

    /// - Returns: whether the timer belongs to a hook.
    func fired(_ timer: TimerID) -> Bool {
        guard let (token, run) = runs.first(where: { $0.value.timer == timer }) else { return false }
        switch run.phase {
        case .inTime:
            run.process.terminate()
            runs[token]?.phase = .overdue(self.timer(after: limits.grace))
        case .overdue, .killed:
            run.process.kill()
            runs[token]?.phase = .killed
        }
        return true
    }

    private func timer(after span: Span) -> TimerID { reactor.setTimer(at: reactor.now &+ span.nanoseconds) }

    private func ended(_ run: HookRun, _ ending: ChildProcess.Ending) {
        guard run.isInTime else { return failed(run.hook, "not done after \(settings.secondsMax) s; it \(ending)") }
        guard ending == .exited(code: 0) else { return failed(run.hook, "it \(ending)") }
        failures.clear(run.hook.name)
        log(run.hook, run.process, "hook done")
    }

    // MARK: Log

    private func log(_ hook: Hook, _ process: ChildProcess, _ message: Logger.Message) {
        logger.debug(
            message,
            metadata: ["setting": "\(hook.setting)", "name": "\(hook.name)", "process": "\(process.id)"])
    }

    private func failed(_ hook: Hook, _ reason: String) {
        let program = hook.command.first ?? ""
        failures.record(
            HookFailure(
                download: hook.download, isDone: hook.isDone, text: "\(hook.setting) \(program): \(reason)"))
        logger.warning(
            "hook failed",
            metadata: [
                "setting": "\(hook.setting)", "name": "\(hook.name)", "program": "\(program)", "reason": "\(reason)",
            ])
    }
}
