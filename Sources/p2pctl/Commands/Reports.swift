import ArgumentParser
import Control

/// `p2pctl status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the daemon at a glance.")
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try options.merged(with: parent.options).show(.status, as: StatusReply.self, ReportText.status)
    }
}

/// `p2pctl peers`.
struct Peers: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "List the active peers of the swarm.")
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try options.merged(with: parent.options).show(.peers, as: PeersReply.self, ReportText.peers)
    }
}

/// `p2pctl downloads`.
struct Downloads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "downloads",
        abstract: "List the downloads: what each does, how far it is, and why it waits or failed.")
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try options.merged(with: parent.options).show(.downloads, as: DownloadsReply.self, DownloadsText.lines)
    }
}
