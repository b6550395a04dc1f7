import ArgumentParser
import CLinux
import Control
import Glibc

/// The exit codes here are those of the control socket's language, not ArgumentParser's.
typealias ExitCode = Control.ExitCode

/// The control client: one command to a running peer daemon, or a prompt for several.
///
/// Each command says its name though it is its type's: to make it of that takes a fifth of the program's start, which is
/// most of the time of a small request.
@main
struct P2PCtl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "p2pctl",
        abstract: "Control a p2pd peer: fetch files from its swarm and see how it does.",
        usage: "p2pctl [--control SOCKET] COMMAND",
        discussion: """
            Without a command, on a terminal, p2pctl prompts for commands. A name that begins with a dash goes behind all \
            options and --: p2pctl req -- -NAME

            EXIT CODES:
            \(ExitCode.table)
            """,
        version: "p2pctl \(ProgramVersion.text)",
        groupedSubcommands: [
            CommandGroup(
                name: "FETCHING",
                subcommands: [
                    Req.self, Wait.self, Downloads.self, Pause.self, Resume.self, Priority.self, Cancel.self, Who.self,
                ]),
            CommandGroup(name: "SHARING", subcommands: [Files.self, Verify.self]),
            CommandGroup(
                name: "DAEMON",
                subcommands: [Status.self, Peers.self, Limit.self, Bans.self, Left.self, Help.self]),
        ])

    @OptionGroup var options: ClientOptions

    func run() throws {
        guard !options.json, Terminal.isTerminal(STDIN_FILENO) else {
            throw ValidationError("no command is given" + (options.json ? "" : " and the input is no terminal"))
        }
        try Prompt(options: options).run()
    }

    static func main() {
        clinux_occupy_standard_descriptors()
        // A pipe that is closed early is an error to handle, not a way to die.
        signal(SIGPIPE, SIG_IGN)
        do {
            try CommandLineCheck.run()
            var command = try parseAsRoot()
            try command.run()
        } catch {
            Glibc.exit(Ending.report(error, json: isJSONWanted).rawValue)
        }
    }
}

extension P2PCtl {
    /// Whether `--json` was given, for a command line that cannot be read otherwise.
    fileprivate static var isJSONWanted: Bool {
        CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")
    }
}

/// The last words of a command that failed.
enum Ending {
    /// Says on standard error what went wrong, or on standard output what `--help` asked for.
    static func report(_ error: any Error, json: Bool) -> ExitCode {
        if let reported = error as? ReportedFailure { return reported.exit }
        if let failure = error as? ControlFailure {
            Output(json: json).tell(failure)
            return failure.exit
        }
        let text = P2PCtl.fullMessage(for: error)
        guard P2PCtl.exitCode(for: error) != .success else {
            try? Terminal.show([text])
            return .done
        }
        if json {
            let failure = ControlFailure(.usage, P2PCtl.message(for: error))
            try? Terminal.show(json: EventLine(event: "error", fields: failure))
        }
        let prefix = "Error: "
        Terminal.complain([text.hasPrefix(prefix) ? String(text.dropFirst(prefix.utf8.count)) : text])
        return .usage
    }
}

/// A failure that the command has told of already.
struct ReportedFailure: Error {
    let exit: ExitCode
}
