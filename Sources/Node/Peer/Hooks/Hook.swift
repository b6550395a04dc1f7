import Content
import Control
import PeerCore

/// One program to run for one download that has ended.
struct Hook {
    /// What its environment has besides the daemon's own; none of these names is passed on from there.
    enum Variable: String, CaseIterable {
        case name = "P2PD_NAME"
        /// `file` or `directory`.
        case kind = "P2PD_KIND"
        /// 64 hexadecimal digits.
        case root = "P2PD_ROOT"
        /// Where the file is in the share, or would be; absolute.
        case path = "P2PD_PATH"
        /// Bytes.
        case length = "P2PD_LENGTH"
        /// The word that `p2pctl --json` has for it.
        case cause = "P2PD_CAUSE"
        case message = "P2PD_MESSAGE"
        /// What `p2pctl` exits with for this cause.
        case exit = "P2PD_EXIT"
    }

    /// Bytes of `P2PD_MESSAGE`: the system takes 128 KiB in one variable, and a message may name thousands of holders.
    static let messageMax = 4096

    /// The setting that names the program.
    let setting: String
    /// Not empty.
    let command: [String]
    let download: EndedDownload
    /// It is in the share; else it has failed.
    let isDone: Bool
    private(set) var variables: [Variable: String]

    var name: ShareName { download.name }

    /// For a file, or directory, that is in the share.
    init(complete command: [String], _ download: EndedDownload, share: String) {
        self.init(PeerSettings.onComplete.name.key, command, download, isDone: true, share)
    }

    /// For a download that failed.
    init(error command: [String], _ download: EndedDownload, share: String, _ failure: ControlFailure) {
        self.init(PeerSettings.onError.name.key, command, download, isDone: false, share)
        variables[.cause] = failure.cause.rawValue
        variables[.message] = String(decoding: failure.message.utf8.prefix(Self.messageMax), as: UTF8.self)
        variables[.exit] = String(failure.exit.rawValue)
    }

    private init(
        _ setting: String, _ command: [String], _ download: EndedDownload, isDone: Bool, _ share: String
    ) {
        self.setting = setting
        self.command = command
        self.download = download
        self.isDone = isDone
        let path = download.name.path
        variables = [
            .name: path, .kind: download.kind == .tree ? "directory" : "file", .root: download.root.digest.hex,
            .path: "\(share)/\(path)", .length: String(download.length),
        ]
    }

    /// - Parameter daemon: the daemon's own environment.
    func environment(over daemon: [String: String]) -> [String: String] {
        var all = daemon
        for variable in Variable.allCases { all[variable.rawValue] = variables[variable] }
        return all
    }
}
