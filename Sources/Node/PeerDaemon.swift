import Content
import Logging
import Posix
import Reactor
import Storage
import Transport

/// `p2pd peer`.
public enum PeerDaemon {
    /// Runs until SIGTERM, SIGINT or `p2pctl left`. When the share goes away, it begins anew as soon as it is back;
    /// when the directory of its partial files does, at once.
    /// - Returns: the process's exit code.
    public static func run(_ settings: PeerSettings, logger: Logger) throws(DaemonError) -> Int32 {
        StandardDescriptors.occupy()
        SignalDescriptor.ignoreBrokenPipes()
        DescriptorLimit.raise()
        var settings = settings
        while case .directoryLost(let rates) = try runOnce(settings, logger) {
            // A new state directory would be that of another peer, without any downloads.
            guard waits(for: [settings.share, settings.stateDirectory], logger) else { break }
            // What somebody has set meanwhile holds as long as the process does.
            settings.rates = rates
        }
        return 0
    }

    private enum End {
        case asked
        case directoryLost(RateLimits)
    }

    /// - Returns: false if the daemon is asked to end meanwhile.
    private static func waits(for paths: [String], _ logger: Logger) -> Bool {
        let isMissing = { (path: String) in (try? Directory(path: path)) == nil }
        for path in paths where isMissing(path) {
            logger.warning("waiting for a directory to be there again", metadata: ["path": "\(path)"])
        }
        // At least for a moment: whoever unmounts a file system may be about to mount another.
        repeat {
            if SignalDescriptor.wait(for: SignalDescriptor.termination, seconds: 1) != nil { return false }
        } while paths.contains(where: isMissing)
        return true
    }

    private static func runOnce(_ settings: PeerSettings, _ logger: Logger) throws(DaemonError) -> End {
        let share = Share(try openShare(settings.share))
        let state = try openState(settings)
        do throws(SystemError) {
            let reactor = try PeerReactor(signals: SignalDescriptor.termination)
            let partials = try PartialStore(share: share, state: state.directory, peer: state.peerID)
            let control = try openControl(settings.controlSocket, reactor)
            defer { control.close() }
            let node = PeerNode(
                settings, id: state.peerID, share: share, partials: partials, control: control, reactor: reactor,
                logger: logger)
            try node.begin()
            Readiness.notify(logger: logger)
            try reactor.run(node)
            guard node.end() else {
                control.close()
                // A disk that hangs holds a thread for ever; whoever watches over this daemon may start another.
                ProcessEnd.now(node.beginsAnew ? DaemonExit.system.rawValue : 0)
            }
            return node.beginsAnew ? .directoryLost(node.rates) : .asked
        } catch {
            throw DaemonError("cannot run the peer: \(error)\(advice(error))", exit: .system)
        }
    }

    private static func advice(_ error: SystemError) -> String {
        error.isAddressInUse ? "; another daemon listens there: stop it, or choose another PORT or --control" : ""
    }

    private static func openShare(_ path: String) throws(DaemonError) -> Directory {
        do throws(SystemError) { return try Directory(path: path) } catch {
            throw DaemonError(
                "cannot share \(path): \(error); name a directory that exists and that this user may read",
                exit: .missingInput)
        }
    }

    private static func openState(_ settings: PeerSettings) throws(DaemonError) -> StateDirectory {
        let path = settings.stateDirectory
        guard !"\(path)/".utf8.starts(with: "\(settings.share)/".utf8) else {
            throw DaemonError(
                "the state directory \(path) lies inside the share \(settings.share), whose files are offered to "
                    + "everybody; choose another with --state", exit: .usage)
        }
        do throws(StateDirectoryError) { return try StateDirectory(path: path) } catch {
            switch error {
            case .held(_, let process):
                let holder = process.map { "process \($0)" } ?? "another daemon"
                throw DaemonError(
                    "the state directory \(path) is in use by \(holder); stop it, or choose another with --state",
                    exit: .system)
            case .failed(let failure):
                throw DaemonError("cannot use the state directory: \(failure); choose one with --state", exit: .system)
            }
        }
    }

    private static func openControl(
        _ path: String, _ reactor: PeerReactor
    ) throws(SystemError) -> ControlServer<PeerCompletion> {
        if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex {
            _ = try Directory.create(String(path[..<slash]))
        }
        return try ControlServer(path: path, reactor: reactor)
    }
}
