import ArgumentParser
import Content
import Control

/// `p2pctl priority`: a download's place in the queue.
struct Priority: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "priority", abstract: "Move a download forward or back in the queue.",
        usage: "p2pctl priority <name> <number>",
        discussion: """
            The number is from -100 to 100, and 0 for a download that was begun without --priority. Downloads with a \
            higher one are fetched first, equals in the order of asking. One that is running is not stopped for another.
            """)

    // Both in one, since a number below 0 looks like an option.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The download's name, then its priority: -100 to 100.", valueName: "name> <number"))
    var words: [String]

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        try options.output.reporting { () throws(ControlFailure) in
            var words = words
            if let end = words.firstIndex(of: "--") { words.remove(at: end) }
            guard words.count == 2 else {
                throw ControlFailure(.usage, "priority takes a name and a number: p2pctl priority NAME NUMBER")
            }
            let name = try TypedName(words[0])
            let params = PriorityParams(name: name, priority: try WayOptions.priority(words[1], of: "priority"))
            var client = try options.connect()
            let reply = try client.ask(.priority(params), PriorityReply.self)
            try options.output.print(reply) { ["\(TerminalText.escape(name.text)) has priority \($0.priority)"] }
        }
    }
}
