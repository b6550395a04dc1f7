import Content
import Logging
import Posix
import Reactor

/// `p2pd manager`.
public enum ManagerDaemon {
    /// Runs until SIGTERM or SIGINT.
    /// - Returns: the process's exit code.
    public static func run(_ settings: ManagerSettings, logger: Logger) throws(DaemonError) -> Int32 {
        StandardDescriptors.occupy()
        SignalDescriptor.ignoreBrokenPipes()
        DescriptorLimit.raise()
        do throws(SystemError) {
            let reactor = try Reactor<Never>(signals: SignalDescriptor.termination)
            let node = ManagerNode(settings, reactor: reactor, logger: logger)
            try node.listen(on: settings.listen)
            Readiness.notify(logger: logger)
            try reactor.run(node)
            return 0
        } catch {
            throw DaemonError(
                "cannot run the manager: \(error); is another daemon on that address, or is --listen wrong?",
                exit: .system)
        }
    }
}
