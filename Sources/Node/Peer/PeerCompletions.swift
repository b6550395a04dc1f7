import Content
import Logging
import PeerCore
import Posix
import Storage

/// What workers hand back becomes inputs.
extension PeerNode {
    func completed(_ completion: PeerCompletion) {
        switch completion {
        case .scanned(let outcome): scanned(outcome)
        case .looked(let seen): looked(seen)
        case .indexed(let outcome): indexed(outcome)
        case .verified(let id, let file, let result): verified(id, file, result)
        case .ledger(let completion): completed(completion)
        case .inspected(let request, let name, let inspection): inspected(request, name, inspection)
        case .layerChecked(let id, let isRight): feed(.layerChecked(id, isRight: isRight))
        case .partialOpened(let id, let result): partialOpened(id, result)
        case .committed(let id, .success): feed(.committed(id, nil))
        case .committed(let id, .failure(let error)): feed(.committed(id, DiskFailure(error)))
        case .stored(let id, let connection, let index, let buffer, let outcome):
            giveBack(buffer)
            feed(.pieceStored(id, index: index, from: connection, outcome))
        case .delivered(let id, let result): delivered(id, result)
        case .sharedOpened(let name, let result): uploads.opened(name, result, transport, self)
        case .warmed(let connection): uploads.warmed(connection, transport, self)
        case .resolved(let index, .success(let address)): dial(.manager(index), at: address)
        case .resolved(let index, .failure(let error)): feed(.dialFailed(.manager(index), reason: "\(error)"))
        case .nothing: break
        }
    }

    // MARK: Downloads

    private func partialOpened(_ id: DownloadID, _ result: Result<PartialFile, SystemError>) {
        switch result {
        case .success(let partial):
            if partials.opened(id, partial) {
                feed(.partialOpened(id, PieceSet(pieceCount: partial.layout.pieceCount)))
            } else {
                workers.submit(.discard(partial))
            }
        case .failure(let error): if partials.failed(id) { feed(.partialFailed(id, DiskFailure(error))) }
        }
    }

    private func delivered(_ id: DownloadID, _ result: Result<DeliveredFile, DeliveryError>) {
        switch result {
        case .success(let delivered):
            partials.delivered(id)
            indexer.record(delivered.file)
            feed(.delivered(id, .done(SharedFile(delivered.file), backup: delivered.backup)))
        case .failure(.occupied):
            feed(.delivered(id, .occupied("a file that was put there while it was fetched")))
        case .failure(let error): feed(.delivered(id, .failed(DiskFailure(error.system))))
        }
        // A failed download was discarded by the machine's next effect, which needs its partial file.
    }

    private func inspected(_ request: RequestID, _ name: ShareName, _ inspection: Inspection) {
        switch inspection {
        case .settled(let local): feed(.inspected(request, local))
        case .hashing(let step): workers.submit(.inspectStep(request, step))
        case .hashed(let file):
            indexer.record(file)
            feed(.indexed(SharedFile(file)))
            feed(.inspected(request, .file(file.root)))
        }
    }
}
