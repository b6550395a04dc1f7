import FoundationEssentials
import Logging
import Posix

/// Tells the service manager that started this daemon how far it is: the protocol of sd_notify(3).
public enum Readiness {
    public enum State: String, Sendable {
        /// Listening, and whatever else a client may expect is there.
        case ready = "READY=1"
        /// On the way out.
        case stopping = "STOPPING=1"
    }

    /// Sends the state to the socket that `NOTIFY_SOCKET` names; does nothing where it names none, as on a terminal.
    ///
    /// - Parameter logger: hears of a socket that does not take the message; the daemon goes on without.
    public static func notify(
        _ state: State = .ready, logger: Logger? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return }
        let number = NotifySocket.send(state.rawValue, to: address)
        guard number != 0 else { return }
        logger?.warning(
            "cannot tell the service manager; is NOTIFY_SOCKET right?",
            metadata: ["socket": "\(address)", "state": "\(state.rawValue)", "errno": "\(number)"])
    }
}
