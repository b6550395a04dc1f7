import Content
import Control
import PeerCore

/// `files`: what is shared, and what is not, with why.
extension PeerNode {
    func files(_ params: FilesParams) -> FilesReply {
        indexer.page(after: params.after, limit: params.limit, machine.offered, unfit: unfitTrees)
    }

    /// Directories that cannot be offered as a whole. Of one that is fetched, nobody has looked at anything else.
    private var unfitTrees: [(name: ShareName, reason: String)] {
        let listed = machine.downloadStatuses.filter { $0.kind == .tree }
        let names = Set(listed.map(\.name))
        let stopped = listed.compactMap { tree in tree.reasonUnfit.map { (name: tree.name, reason: $0) } }
        return (machine.unfitTrees.filter { !names.contains($0.name) } + stopped).sorted { $0.name < $1.name }
    }
}

extension DownloadStatus {
    /// Why a directory is no version though nothing comes of it any more; nil while something may.
    fileprivate var reasonUnfit: String? {
        let goingOn: String
        switch state {
        case .queued, .fetching, .waiting, .checking, .finishing, .paused(.space): return nil
        case .paused(.user), .failed(.cancelled): goingOn = "resume"
        case .failed: goingOn = "req"
        }
        return
            "a download of \(name)/ is listed as \(DownloadState(state).rawValue); `p2pctl \(goingOn) \(name)/` goes on "
            + "with it, `p2pctl cancel \(name)/` gives it up"
    }
}
