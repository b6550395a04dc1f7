import ArgumentParser
import Control

/// `p2pctl wait`: until downloads that were begun in the background have ended.
struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until downloads have ended, as req would have.",
        discussion: """
            For each NAME this prints what req prints but how long it took, and the exit code is what req would have had: that of the first \
            NAME, in the order given, that failed. A name that is in the share is done at once; 66 is one that is \
            neither there nor being fetched; one that waits for room is tried at once. Ctrl-C ends p2pctl, not the \
            download.
            """)

    @Argument(help: ArgumentHelp("The names, as they were asked for.", valueName: "name"))
    var names: [String]

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        var ends = FirstFailure()
        try options.output.reporting(name: names.count == 1 ? names[0] : nil) { () throws(ControlFailure) in
            let typed = try names.map { (name) throws(ControlFailure) in try TypedName(name) }
            var display = FetchDisplay(typed, options.output, isWhole: false)
            var client = try options.connect()
            let calls = typed.map { ControlCall.wait(WaitParams(name: $0.name, tree: $0.isTree)) }
            do throws(ControlFailure) {
                try Req.fetch(typed, calls, &client, &display, &ends)
            } catch {
                display.wipe()
                throw error
            }
        }
        try ends.check()
    }
}
