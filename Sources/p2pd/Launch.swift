import ArgumentParser
import Node

/// What both commands do around their daemon.
enum Launch {
    /// Ends the program with what `daemon` returns; an error is one line on standard error and its own code.
    static func run(_ daemon: () throws(DaemonError) -> Int32) throws(ExitCode) {
        throw ExitCode(code(of: daemon))
    }

    private static func code(of daemon: () throws(DaemonError) -> Int32) -> Int32 {
        do throws(DaemonError) { return try daemon() } catch {
            error.report()
            return error.exit.rawValue
        }
    }
}
