import ArgumentParser
import Control

/// `p2pctl help`: the commands there are, or all about one of them.
struct Help: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "help", abstract: "List the commands, or explain one.")

    @Argument(help: "The command to explain.")
    var command: String?

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        guard let command else {
            if options.json { try Terminal.show(json: HelpList()) } else { try Terminal.show([P2PCtl.helpMessage()]) }
            return
        }
        guard let type = Help.commands.first(where: { $0._commandName == command }) else {
            throw ValidationError("there is no command \(command)")
        }
        if options.json {
            try Terminal.show(json: HelpList.Command(type))
        } else {
            try Terminal.show([P2PCtl.helpMessage(for: type)])
        }
    }

    static var commands: [any ParsableCommand.Type] { P2PCtl.configuration.subcommands }

    static var names: [String] { commands.map { $0._commandName } }
}

/// `help --json`: the commands and the exit codes.
private struct HelpList: Encodable {
    let commands = Help.commands.map(Command.init)
    let exits = ExitCode.allCases.map { Exit(exit: $0.rawValue, meaning: $0.meaning) }

    struct Command: Encodable {
        let name: String
        let does: String

        init(_ type: any ParsableCommand.Type) {
            name = type._commandName
            does = type.configuration.abstract
        }
    }

    struct Exit: Encodable {
        let exit: Int32
        let meaning: String
    }
}
