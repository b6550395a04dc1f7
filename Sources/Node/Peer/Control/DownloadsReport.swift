import Content
import Control
import PeerCore

/// What is told of downloads as they stand.
extension PeerNode {
    /// Those there are, and those that have ended but whose hook failed.
    var downloads: DownloadsReply {
        let statuses = machine.downloadStatuses
        let names = Set(statuses.map(\.name))
        let ended = hooks.lastFailures.filter { !names.contains($0.name) }
        return DownloadsReply(
            downloads: statuses.map(report) + ended.map(report))
    }

    private func report(_ status: DownloadStatus) -> DownloadsReply.Download {
        .init(
            id: status.id.rawValue, kind: .init(status.kind), name: status.name.path,
            root: status.root.digest.hex, length: status.length, have: status.have, state: DownloadState(status.state),
            cause: status.cause, needs: status.neededBytes,
            bytesPerSecond: watch.rate(of: status), priority: status.priority,
            holders: machine.holders(of: status.id).map(Control.HolderBytes.init),
            hook: hooks.lastFailure(of: status.name))
    }

    private func report(_ ended: HookFailure) -> DownloadsReply.Download {
        let download = ended.download
        return .init(
            id: nil, kind: .init(download.kind), name: download.name.path, root: download.root.digest.hex,
            length: download.length, have: ended.isDone ? download.length : 0, state: ended.isDone ? .done : .failed,
            bytesPerSecond: 0, holders: [], hook: ended.text)
    }
}

extension DownloadStatus {
    /// Why it does not go on, in words; nil if it does.
    var cause: String? {
        switch state {
        case .queued, .fetching, .checking, .finishing: nil
        case .waiting: "no peer that can be reached has this version; it goes on when one does"
        case .paused(.user): "p2pctl resume takes it up again"
        case .paused(.space(missing: 0, _)): "the disk has no inode for another file; it goes on when files are removed"
        case .paused(.space): "the disk is full; it goes on when there is room"
        case .failed(.cancelled): "p2pctl resume goes on with what came, p2pctl cancel deletes it"
        case .failed(let failure): failure.text(for: kind.shown(name)).message
        }
    }

    /// Bytes that the disk lacks; nil also when it lacks something else.
    var neededBytes: UInt64? {
        if case .paused(.space(let missing, _)) = state, missing > 0 { missing } else { nil }
    }

    /// What has to happen before it goes on, for a line of progress.
    var waitingFor: String? {
        switch state {
        case .waiting: "a peer that has this version"
        case .paused(.user): "p2pctl resume"
        case .paused(.space(missing: 0, _)): "a free inode"
        case .paused(.space(let missing, _)): "\(ByteText.atLeast(missing)) more of free space"
        case .queued, .fetching, .checking, .finishing, .failed: nil
        }
    }
}

extension DownloadState {
    init(_ state: DownloadActivity) {
        switch state {
        case .queued: self = .queued
        case .fetching: self = .fetching
        case .waiting: self = .waiting
        case .paused: self = .paused
        case .checking: self = .checking
        case .finishing: self = .finishing
        case .failed(.cancelled): self = .kept
        case .failed: self = .failed
        }
    }
}

extension DownloadsReply.Kind {
    fileprivate init(_ kind: DownloadEntry.Kind) {
        switch kind {
        case .file: self = .file
        case .tree: self = .tree
        case .repair: self = .repair
        }
    }
}
