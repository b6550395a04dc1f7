import ArgumentParser
import Content
import Control

/// `p2pctl files`: all pages of the share as one list.
struct Files: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "List the files that this peer shares.")
    @OptionGroup var options: ClientOptions
    @ParentCommand var parent: P2PCtl

    func run() throws {
        try Files.show(options.merged(with: parent.options))
    }

    static func show(_ options: ClientOptions) throws {
        try options.output.reporting { () throws(ControlFailure) in
            var client = try options.connect()
            let files = try all(&client)
            try options.output.print(FileList(files: files)) { ReportText.files($0.files) }
        }
    }

    /// Every page starts after the last name of the one before, so a page that does not move on would never end.
    private static func all(_ client: inout ControlClient) throws(ControlFailure) -> [FilesReply.File] {
        var files: [FilesReply.File] = []
        var last: ShareName?
        while true {
            let page = try client.ask(.files(FilesParams(after: last)), FilesReply.self)
            files += page.files
            guard page.more else { return files }
            guard let name = page.files.last.flatMap({ try? ShareName($0.name) }), last.map({ $0 < name }) ?? true
            else {
                throw ControlFailure(.unreachable, "the daemon's list of files goes in circles")
            }
            last = name
        }
    }
}

private struct FileList: Encodable {
    let files: [FilesReply.File]
}
