import Content
import Posix

/// Why a daemon does not start, or stops.
public struct DaemonError: Error, Equatable, Sendable {
    /// What was attempted, on what, why it failed and what to do; one line, without the program's name.
    public let message: String
    public let exit: DaemonExit

    public init(_ message: String, exit: DaemonExit) {
        self.message = message
        self.exit = exit
    }
}

extension DaemonError: CustomStringConvertible {
    public var description: String { message }
}

extension DaemonError {
    /// Writes `p2pd: message` to standard error, safe for a terminal.
    public func report() {
        StandardError.write(Array("p2pd: \(TerminalText.escape(message))\n".utf8))
    }
}
