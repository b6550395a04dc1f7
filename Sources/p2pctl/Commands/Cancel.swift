import ArgumentParser
import Content
import Control

/// `p2pctl cancel`: give up downloads.
struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Give up downloads and delete what came of them; forget those that failed.",
        discussion: """
            Of a directory, what came is every file that its download put there, if nobody has touched it since, and \
            every directory that it made and that is empty then. A file that took another's place stays.
            """)

    @Argument(help: ArgumentHelp("The names, as they were asked for.", valueName: "name"))
    var names: [String]

    @Flag(help: "Keep what came, so that a later req of the same version goes on from there. (default: delete it)")
    var keepData = false

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try Cancel.cancel(names, keepData: keepData, options.merged(with: parent.options))
    }

    static func cancel(_ names: [String], keepData: Bool = false, _ options: ClientOptions) throws {
        let call = { (name: TypedName) in ControlCall.cancel(CancelParams(name: name, keepData: keepData)) }
        try options.showEach(names, call, as: CancelReply.self) { _, name in
            ["cancelled \(TerminalText.escape(name.text))"]
        }
    }
}
