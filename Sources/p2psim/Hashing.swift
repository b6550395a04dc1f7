import ArgumentParser
import Glibc

/// Swift draws the order of sets and dictionaries anew in every process. The machines may go through them in any order, but
/// a run that is to be the same twice needs the same one.
enum Hashing {
    private static let variable = "SWIFT_DETERMINISTIC_HASHING"

    /// Starts the program anew with an order that is fixed, unless it is.
    static func makeDeterministic() throws {
        guard getenv(variable) == nil else { return }
        setenv(variable, "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        throw ValidationError("p2psim cannot start itself again: \(String(cString: strerror(errno)))")
    }
}
