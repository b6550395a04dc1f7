import ArgumentParser
import Content
import Control

/// `p2pctl pause`.
struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop fetching for now; what came is kept, and resume goes on.")

    @OptionGroup var choice: ChoiceOptions
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        if try choice.isAll(options) {
            try options.show(.pause(.all), as: ChosenReply.self) { Pause.text($0.names) }
        } else {
            try Pause.pause(choice.names, options)
        }
    }

    static func pause(_ names: [String], _ options: ClientOptions) throws {
        try options.showEach(names, { .pause(.name($0)) }, as: ChosenReply.self) { reply, _ in text(reply.names) }
    }

    private static func text(_ names: [String]) -> [String] {
        names.isEmpty ? ["there is nothing to pause"] : names.map { "paused \(TerminalText.escape($0))" }
    }
}

/// `p2pctl resume`.
struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Go on with downloads that were paused, or that failed.")

    @OptionGroup var choice: ChoiceOptions
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        if try choice.isAll(options) {
            try options.show(.resume(.all), as: ChosenReply.self) { Resume.text($0.names) }
        } else {
            try Resume.resume(choice.names, options)
        }
    }

    static func resume(_ names: [String], _ options: ClientOptions) throws {
        try options.showEach(names, { .resume(.name($0)) }, as: ChosenReply.self) { reply, _ in text(reply.names) }
    }

    private static func text(_ names: [String]) -> [String] {
        names.isEmpty ? ["there is nothing to resume"] : names.map { "goes on: \(TerminalText.escape($0))" }
    }
}

/// Some downloads by name, or all.
struct ChoiceOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The names, as they were asked for.", valueName: "name"))
    var names: [String] = []

    @Flag(help: "All downloads, in place of names.")
    var all = false

    /// - Throws: when there are both or neither; it is told of.
    func isAll(_ options: ClientOptions) throws -> Bool {
        try options.output.reporting { () throws(ControlFailure) in
            guard names.isEmpty == all else {
                throw ControlFailure(.usage, all ? "--all takes no names" : "name what is meant, or give --all")
            }
        }
        return all
    }
}
