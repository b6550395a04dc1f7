import Foundation

/// What one run of p2pctl came to.
struct Reply {
    /// The exit code, or nil if a signal ended it.
    let code: Int32?
    let output: String
    let errors: String

    /// The whole output as one JSON value.
    var json: JSON? { JSON(parsing: output) }

    /// Each line of the output that is JSON.
    var lines: [JSON] { output.split(separator: "\n").compactMap { JSON(parsing: $0) } }

    /// The last line of `req --json` that tells of this event.
    func event(_ name: String) -> JSON? { lines.last { $0["event"].string == name } }
}

/// A p2pctl that runs.
final class Ctl {
    let process: Child

    /// Whoever has the other end reads what it says.
    private let isPiped: Bool

    /// - Parameter output: a named pipe for its standard output, which is open for reading; nil is a file.
    init(_ arguments: [String], in directory: String, input: String = "/dev/null", output: String? = nil) throws {
        let base = "\(directory)/ctl-\(UUID().uuidString)"
        isPiped = output != nil
        process = try Child(
            Programs.p2pctl, arguments, environment: Swarm.environment(directory),
            streams: Child.Streams(input: input, output: output ?? base + ".out", errors: base + ".err"))
    }

    func finish(within seconds: Double = Patience.seconds) throws -> Reply {
        let ending = try process.wait(within: seconds)
        let code: Int32? = if case .exited(let code) = ending { code } else { nil }
        return Reply(code: code, output: isPiped ? "" : process.output, errors: process.errors)
    }

    /// Waits for a line of `req --json`.
    func awaitEvent(_ event: String) throws {
        try eventually("p2pctl tells of `\(event)`") {
            guard process.poll() == nil || process.output.contains("\"\(event)\"") else {
                throw Failure("p2pctl ended without `\(event)`: \(process.output) \(process.errors)")
            }
            return process.output.contains("\"\(event)\"")
        }
    }
}

extension Peer {
    func start(_ arguments: String...) throws -> Ctl {
        try Ctl(["--control", control] + arguments, in: directory)
    }

    /// Runs a command to its end; one that does not end comes back without a code.
    func ctl(_ arguments: String..., within seconds: Double = 60) -> Reply {
        do {
            return try Ctl(["--control", control] + arguments, in: directory).finish(within: seconds)
        } catch {
            return Reply(code: nil, output: "", errors: "\(error)")
        }
    }
}
