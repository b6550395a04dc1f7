import ArgumentParser
import Content
import Control

/// `p2pctl req`: fetch a file from the swarm.
struct Req: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a file from all peers that have it, at once.",
        discussion: """
            The file is verified piece by piece and then appears in the daemon's share under NAME. Ctrl-C ends p2pctl, \
            not the download: p2pctl downloads shows it, p2pctl cancel NAME gives it up.
            """)

    @Argument(help: "The file's name in the swarm, a path relative to the share.")
    var name: String

    @Option(help: ArgumentHelp("The version to fetch: its root, 64 hexadecimal digits.", valueName: "hex"))
    var root: String?

    @Flag(help: "Replace a file of that name with other content.")
    var force = false

    @Option(help: ArgumentHelp("Give up asking or waiting for holders after this long.", valueName: "seconds"))
    var timeout: Double?

    @Flag(help: "Do not wait for the disk; for data that may be lost when the power fails.")
    var noSync = false

    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        let options = options.merged(with: parent.options)
        try options.reporting(name: name) { () throws(ControlFailure) in
            let params = try params()
            var display = ReqDisplay(json: options.json, name: name)
            var client = try options.connect()
            try display.run(&client, params)
        }
    }

    private func params() throws(ControlFailure) -> ReqParams {
        let limit = ReqParams.maxTimeoutSeconds
        if let timeout, !(timeout > 0 && timeout <= limit) {
            throw ControlFailure(.usage, "--timeout \(timeout): must be more than 0 and at most \(Int(limit)) seconds")
        }
        return ReqParams(
            name: try ShareName(typed: name), root: try digest(), force: force, sync: !noSync, timeoutSeconds: timeout)
    }

    private func digest() throws(ControlFailure) -> Digest? {
        guard let root else { return nil }
        guard let digest = Digest(hex: root) else {
            throw ControlFailure(
                .usage, "--root \(root): must be 64 hexadecimal digits; these are \(root.utf8.count) bytes of text")
        }
        return digest
    }
}

extension ShareName {
    init(typed name: String) throws(ControlFailure) {
        do throws(ShareNameError) {
            try self.init(name)
        } catch {
            throw ControlFailure(.usage, "\"\(name)\" cannot be fetched: \(error)")
        }
    }
}
