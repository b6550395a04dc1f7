import Content
import PeerCore
import Posix
import Storage

/// Whether there is room on the disk, and what to say if there is none.
extension PeerWorker {
    /// Somebody else may have taken the room meanwhile: what is missing by now is what has to be made free.
    func notReserved(_ bytes: UInt64, _ minFree: Reserve, _ error: SystemError) -> DiskFailure {
        let found = error.isOutOfSpace ? missing([bytes], minFree) : nil
        return DiskFailure(
            message: "\(error)", code: error.code, isOutOfSpace: error.isOutOfSpace,
            missingBytes: found?.missingBytes, neededBytes: bytes)
    }

    /// Where nobody knows it, bytes count.
    var block: DiskBlock { DiskBlock(size: (try? partials.freeSpace())?.blockSize ?? 1) }

    /// Whoever comes first is given the room first: what it will take is not there for the others.
    func check(_ needs: [SpaceNeed], _ minFree: Reserve) -> [(DownloadID, missing: UInt64?)] {
        var promised = partials.promises.total()
        return needs.map { need in
            let failure = missing([need.bytes], minFree, promised: promised)
            if failure == nil { promised += min(need.bytes, .max - promised) }
            return (need.id, failure.flatMap(\.missingBytes))
        }
    }

    /// - Parameter promised: bytes that others will take.
    /// - Returns: why there is no room for files of these lengths; nil if there is, or nobody knows.
    func missing(_ lengths: [UInt64], _ minFree: Reserve, promised: UInt64 = 0) -> DiskFailure? {
        guard let space = try? partials.freeSpace() else { return nil }
        let block = DiskBlock(size: space.blockSize)
        let bytes = lengths.reduce(0) { $0 + block.taken(by: $1) }
        if let failure = missingInode(space, for: bytes) { return failure }
        let floor = minFree.bytes(of: space.total)
        let (kept, overflow) = floor.addingReportingOverflow(promised)
        let room = Room(for: bytes, keeping: overflow ? .max : kept, available: space.available)
        guard case .missing(let count) = room else { return nil }
        let others = promised > 0 ? ", and \(promised) are for directories that are being fetched" : ""
        return DiskFailure(
            message:
                "\(bytes) bytes are needed and \(floor) are to stay free (min_free)\(others), but only "
                + "\(space.available) are free: make room for \(count) more",
            code: SystemError.noSpace, isOutOfSpace: true, missingBytes: count, neededBytes: bytes)
    }

    private func missingInode(_ space: FreeSpace, for bytes: UInt64?) -> DiskFailure? {
        space.takesFiles ? nil : missingInode(space, bytes)
    }

    private func missingInode(_ space: FreeSpace, _ bytes: UInt64?) -> DiskFailure {
        DiskFailure(
            message:
                "the file system has no inode for another file, though \(space.available) bytes are free: remove files "
                + "that nobody needs", code: SystemError.noSpace, isOutOfSpace: true, missingBytes: 0,
            neededBytes: bytes)
    }

    /// The same where that was found out before.
    func withoutInode(_ error: SystemError) -> DiskFailure {
        (try? partials.freeSpace()).map { missingInode($0, nil) } ?? DiskFailure(error)
    }

    /// What the system refused where a file or directory was to be made: what lacks may not be bytes.
    func notMade(_ error: SystemError) -> DiskFailure {
        let inode = error.isOutOfSpace ? (try? partials.freeSpace()).flatMap { missingInode($0, for: nil) } : nil
        return inode ?? DiskFailure(error)
    }
}
