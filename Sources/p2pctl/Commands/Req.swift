import ArgumentParser
import Content
import Control
import Glibc

/// `p2pctl req`: fetch files from the swarm.
struct Req: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "req", abstract: "Fetch files or directories from all peers that have them, at once.",
        discussion: """
            A file is verified piece by piece and then appears in the daemon's share under NAME. NAME/, with a slash at \
            its end, is a directory: all below it is fetched, and what is here already is not fetched again. A name that \
            begins with a dash goes behind all options and --.

            Several names are queued in the order given. If some fail, the others are fetched all the same, and the exit \
            code is that of the first in that order that failed; of a directory, that of the first file that failed.

            Ctrl-C ends p2pctl, not the download: p2pctl downloads shows it, p2pctl cancel NAME gives it up.
            """)

    @Argument(
        help: ArgumentHelp(
            "Names in the swarm: paths below the share, with a / at the end for a directory.", valueName: "name"))
    var names: [String]

    @OptionGroup(title: "Which version") var version: VersionOptions
    @OptionGroup(title: "Where to") var place: PlaceOptions
    @OptionGroup(title: "How") var way: WayOptions
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        let output = Output(json: options.json, descriptor: place.stdout ? STDERR_FILENO : STDOUT_FILENO)
        var ends = FirstFailure()
        try output.reporting(name: names.count == 1 ? names[0] : nil) { () throws(ControlFailure) in
            let typed = try names.map { (name) throws(ControlFailure) in try TypedName(name) }
            let calls = try typed.map { (name) throws(ControlFailure) in ControlCall.req(try params(name)) }
            let target = try place.target(
                of: typed, force: version.force, backup: !version.noBackup, sync: !way.noSync,
                background: way.patience == .background)
            var display = FetchDisplay(
                typed, output, quiet: place.stdout && Terminal.isTerminal(STDOUT_FILENO))
            var client = try options.connect()
            display.begin()
            do throws(ControlFailure) {
                switch target {
                case .share: try Req.fetch(typed, calls, &client, &display, &ends)
                case .file(let file): try Req.fetch(typed[0], calls[0], into: file, &client, &display)
                case .standardOutput: try StreamRun(name: typed[0], call: calls[0]).run(&client, &display)
                }
            } catch {
                display.wipe()
                throw error
            }
        }
        try ends.check()
    }

    private func params(_ name: TypedName) throws(ControlFailure) -> ReqParams {
        ReqParams(
            name: name.name, tree: name.isTree, root: try version.digest(of: names), choose: version.choice,
            force: version.force, backup: !version.noBackup, sync: !way.noSync, timeoutSeconds: try way.seconds(),
            background: way.patience == .background, priority: try way.checkedPriority(), stream: place.stdout)
    }

    /// Asks for all of them, and notes how each ends.
    static func fetch(
        _ names: [TypedName], _ calls: [ControlCall], _ client: inout ControlClient, _ display: inout FetchDisplay,
        _ ends: inout FirstFailure
    ) throws(ControlFailure) {
        var run = FetchRun(names, calls)
        try run.run(&client, Interrupt(catching: true)) { (index, news) throws(ControlFailure) in
            switch news {
            case .event(let event): try display.show(event, of: index)
            case .done(let done):
                try display.end(index, done)
                ends.note(done.exit, at: index)
            case .failed(let failure):
                display.end(index, failure)
                ends.note(failure.exit, at: index)
            }
        }
    }

    /// Fetches one, and copies it to a place outside the share.
    private static func fetch(
        _ name: TypedName, _ call: ControlCall, into file: OutputFile, _ client: inout ControlClient,
        _ display: inout FetchDisplay
    ) throws(ControlFailure) {
        let interrupt = Interrupt(catching: true)
        let done = try FetchRun.one(name, call, &client, interrupt) { (event) throws(ControlFailure) in
            try display.show(event, of: 0)
        }
        if done.already { try SharedFile.verify(name, &client, interrupt) }
        try display.say(["copying it to \(TerminalText.escape(file.path))"])
        let backup = try file.copy(
            of: try SharedFile.path(of: name.name, &client), length: done.length ?? 0, interrupt)
        try display.end(0, done, copy: OutputCopy(path: file.path, backup: backup))
    }
}
