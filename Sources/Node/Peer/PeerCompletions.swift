import Content
import Logging
import PeerCore
import Posix
import Storage

/// What workers hand back becomes inputs.
extension PeerNode {
    func completed(_ completion: PeerCompletion) {
        switch completion {
        case .directoriesChecked(let lost): directoriesChecked(lost)
        case .scanned(let outcome): scanned(outcome)
        case .looked(let seen): looked(seen)
        case .indexed(let outcome): indexed(outcome)
        case .verified(let id, let file, let result): verified(id, file, result)
        case .ledger(let completion): completed(completion)
        case .inspected(let request, let name, let inspection): inspected(request, name, inspection)
        case .layerChecked(let id, let isRight): feed(.layerChecked(id, isRight: isRight))
        case .partialOpened(let id, let result): partialOpened(id, result)
        case .partialReopened(let entry, let result, let isThere): partialReopened(entry, result, isThere: isThere)
        case .partialChecked(let id, let result): partialChecked(id, result)
        case .partialVerified(let id, let result, let isOpen): partialVerified(id, result, isOpen: isOpen)
        case .synced(let id, let pieces, let failure): synced(id, pieces, failure)
        case .spaceChecked(let checks):
            for (id, missing) in checks { feed(.spaceChecked(id, missing: missing)) }
            startProgress()
        case .stored(let id, let connection, let index, let buffer, let outcome):
            giveBack(buffer)
            tellIfTouched(id)
            feed(.pieceStored(id, index: index, from: connection, outcome))
        case .delivered(let id, let delivery): delivered(id, delivery)
        case .undelivered(let id, let error, let failure): undelivered(id, error, failure)
        case .sharedOpened(let name, let result): uploads.opened(.shared(name), result, transport, self)
        case .tree(let completion): completed(completion)
        case .warmed(let connection): uploads.warmed(connection, transport, self)
        case .resolved(let index, .success(let address)): dial(.manager(index), at: address)
        case .resolved(let index, .failure(let error)): feed(.dialFailed(.manager(index), reason: "\(error)"))
        case .nothing: break
        }
    }

    private func inspected(_ request: RequestID, _ name: ShareName, _ inspection: Inspection) {
        switch inspection {
        case .settled(let local): feed(.inspected(request, local))
        case .hashing(let step): workers.submit(.inspectStep(request, step))
        case .hashed(let file) where indexer.isRotten(file): feed(.inspected(request, .rotten(file.root)))
        case .hashed(let file):
            indexer.record(file)
            feed(.indexed(SharedFile(file)))
            feed(.inspected(request, .file(file.root)))
        }
    }
}
