import Content
import Wire

/// What becomes of a repair as the file that it is for is looked at: at a start, since it takes a while until what lies in
/// the share is known, and whenever something happens to the file.
extension PeerMachine {
    mutating func judged(_ name: ShareName, isRotten: Bool) {
        guard isRotten else { return endRepairs(of: name, since: "nothing that could be repaired") }
        for id in repairs(of: name) { downloads[id]?.awaitsIndex = false }
        beginNext()
    }

    /// All pieces are here, and nobody knows yet whether the file is still what they are for.
    mutating func repairPostponed(_ id: DownloadID) {
        guard downloads[id]?.isFinishing == true else { return }
        downloads[id]?.awaitsIndex = true
        stop(id, .queued)
        beginNext()
    }

    /// What stands at the name is another file by now, or nothing. One that is being written to is told of by its delivery.
    mutating func endRepairs(of name: ShareName, since what: String) {
        for id in repairs(of: name) where downloads[id]?.isFinishing == false {
            removeDownload(id, .occupied(what))
        }
    }

    private func repairs(of name: ShareName) -> [DownloadID] {
        downloads.values.filter { $0.name == name && $0.kind.badPieces != nil }.map(\.id)
    }

    /// Somebody has looked at the file again: by now more of it may be bad than when the repair began.
    mutating func widen(_ id: DownloadID, by rot: Rot) {
        guard var bad = downloads[id]?.kind.badPieces, downloads[id]?.isFinishing == false,
            downloads[id]?.root == rot.root
        else { return }
        var more = rot.bad
        more.subtract(bad)
        guard more.pieceCount == bad.pieceCount, !more.isEmpty else { return }
        bad.formUnion(more)
        downloads[id]?.kind = .repair(bad: bad)
        downloads[id]?.plan.spoiled(more)
        keepRecord(of: id)
    }
}
