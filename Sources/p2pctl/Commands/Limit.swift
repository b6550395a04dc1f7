import ArgumentParser
import Content
import Control

/// `p2pctl limit`: how fast the peer sends and receives.
struct Limit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit", abstract: "Show or change how fast the daemon may send and receive.",
        discussion: """
            A rate is in bytes a second, as in 50M, 512K or 1.5G (powers of 1024), or none (or 0) for no limit. A change holds \
            at once, for what is running too. Without an option the limits are shown.
            """)

    @Option(help: ArgumentHelp("The most to send to all peers together. (default: as it is)", valueName: "rate"))
    var upload: String?

    @Option(help: ArgumentHelp("The most to receive from all peers together. (default: as it is)", valueName: "rate"))
    var download: String?

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        try options.output.reporting { () throws(ControlFailure) in
            let params = LimitParams(
                upload: try Limit.change(upload, "--upload"), download: try Limit.change(download, "--download"))
            var client = try options.connect()
            try options.output.print(try client.ask(.limit(params), LimitReply.self), LimitText.lines)
        }
    }

    private static func change(_ text: String?, _ option: String) throws(ControlFailure) -> LimitParams.Change {
        guard let text else { return .keep }
        do throws(ByteRateError) {
            return try LimitParams.Change(typed: text)
        } catch {
            throw ControlFailure(.usage, "\(option) \"\(TerminalText.escape(error.text))\" \(error.reason)")
        }
    }
}
