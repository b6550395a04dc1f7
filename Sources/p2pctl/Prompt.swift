import Content
import Control
import Glibc

/// The interactive prompt: commands line by line until `quit`, Ctrl-D or `left_peer`. A command that fails is told of
/// and does not end it.
struct Prompt {
    private let options: ClientOptions

    init(options: ClientOptions) {
        self.options = options
    }

    func run() throws {
        // Found out now, so that a daemon that is not there is said before anything is typed.
        let connection = try ControlConnection(path: try SocketChoice.path(option: options.control))
        try Terminal.show(["p2pctl on \(TerminalText.escape(connection.path)); help lists the commands"])
        while let line = ask("p2pd> ") {
            guard obey(PromptCommand(line: line)) else { return }
        }
        try Terminal.show([""])
    }

    /// - Returns: whether to go on.
    private func obey(_ command: PromptCommand) -> Bool {
        do {
            switch command {
            case .nothing: break
            case .req(let name): try fetch(name)
            case .left:
                try Left.leave(options)
                return false
            case .help: try Terminal.show(PromptCommand.table.lines)
            case .status: try options.show(.status, as: StatusReply.self, ReportText.status)
            case .peers: try options.show(.peers, as: PeersReply.self, ReportText.peers)
            case .files: try Files.show(options)
            case .downloads: try options.show(.downloads, as: DownloadsReply.self, DownloadsText.lines)
            case .cancel(let name): try Cancel.cancel([name], options)
            case .pause(let name): try Pause.pause([name], options)
            case .resume(let name): try Resume.resume([name], options)
            case .who(let name): try Who.show(name, options)
            case .bans: try options.show(.bans, as: BansReply.self, BansText.lines)
            case .quit: return false
            case .mistake(let message): Terminal.complain([message])
            }
        } catch {
            // A failure has been told of where it happened.
        }
        return true
    }

    private func fetch(_ name: String) throws {
        try options.output.reporting(name: name) { () throws(ControlFailure) in
            let typed = try TypedName(name)
            var params = ReqParams(name: typed.name, tree: typed.isTree)
            while let next = try attempt(params) { params = next }
        }
    }

    /// - Returns: what to ask for instead, when the person decided so.
    private func attempt(_ params: ReqParams) throws(ControlFailure) -> ReqParams? {
        let name = params.typed
        var display = FetchDisplay([name], options.output)
        var client = try options.connect()
        display.begin()
        do throws(ControlFailure) {
            let done = try FetchRun.one(name, .req(params), &client, Interrupt(catching: true)) {
                (event) throws(ControlFailure) in try display.show(event, of: 0)
            }
            try display.end(0, done)
            return nil
        } catch {
            display.wipe()
            if error.cause == .exists, !params.force { return try replace(params, error) }
            if let versions = error.versions, params.root == nil { return try choose(params, versions, error) }
            throw error
        }
    }

    private func replace(_ params: ReqParams, _ failure: ControlFailure) throws(ControlFailure) -> ReqParams? {
        Terminal.complain([TerminalText.escape(failure.message)])
        let answer = ask("Replace it? [y/N] ")?.utf8.first
        guard answer == UInt8(ascii: "y") || answer == UInt8(ascii: "Y") else { return nil }
        return ReqParams(name: params.name, tree: params.tree, root: params.root, force: true)
    }

    private func choose(
        _ params: ReqParams, _ versions: [VersionInfo], _ failure: ControlFailure
    ) throws(ControlFailure) -> ReqParams? {
        Terminal.complain([TerminalText.escape(failure.message)] + FailureText.table(versions))
        guard let answer = ask("Which one, 1 to \(versions.count)? [none] "), let number = Int(answer),
            versions.indices.contains(number - 1), let root = Digest(hex: versions[number - 1].root)
        else { return nil }
        return ReqParams(name: params.name, tree: params.tree, root: root, force: params.force)
    }

    /// - Returns: nil at the end of the input.
    private func ask(_ question: String) -> String? {
        Terminal.prompt(question)
        // At the end of the input readLine() asks errno whether a signal interrupted it, and would try for ever if an
        // earlier call had left EINTR there.
        errno = 0
        return readLine()
    }
}

extension ReqParams {
    fileprivate var typed: TypedName { TypedName(name, isTree: tree) }
}
