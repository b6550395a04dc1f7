import ArgumentParser
import Content
import Control

/// `p2pctl cancel`: give up a download.
struct Cancel: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give up a download and delete what came of it.")

    @Argument(help: "The file's name, as it was asked for.")
    var name: String

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try Cancel.cancel(name, options.merged(with: parent.options))
    }

    static func cancel(_ name: String, _ options: ClientOptions) throws {
        try options.reporting { () throws(ControlFailure) in
            let params = CancelParams(name: try ShareName(typed: name))
            var client = try options.connect()
            let reply = try client.ask(.cancel(params), CancelReply.self)
            try options.print(reply) { ["cancelled \(TerminalText.escape($0.name))"] }
        }
    }
}
