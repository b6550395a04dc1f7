import Content
import PeerCore
import Posix
import Reactor
import Storage

/// Does the jobs of one worker thread: all that may wait for a disk or takes long.
struct PeerWorker {
    let share: Share
    let partials: PartialStore
    let manifests: ManifestStore
    let bench = HashBench()

    /// What fails while the share is elsewhere is held against no download: the daemon begins anew when it is back, and
    /// then all of them go on. So it is with the partial files' directory, which it makes anew.
    func perform(_ job: PeerJob) -> PeerCompletion {
        let completion = complete(job)
        guard completion.isDiskFailure, let lost = lostDirectory else { return completion }
        return .directoriesChecked(lost: lost)
    }

    /// A directory that is not where it was opened any more.
    private var lostDirectory: LostDirectory? {
        if !share.directory.isAtItsPath { return .share }
        if partials.isAtItsPath { return nil }
        return partials.place.parent.isAtItsPath
            ? .partials(path: partials.path) : .state(path: partials.place.parent.path)
    }

    private func complete(_ job: PeerJob) -> PeerCompletion {
        switch job {
        case .checkDirectories: .directoriesChecked(lost: lostDirectory)
        case .scan(let step): .scanned(step.run(in: share))
        case .giveBackMemory: giveBackMemory()
        case .look(let names): .looked(share.look(at: names))
        case .index(let batch): .indexed(batch.run(in: share, with: bench))
        case .verify(let id, let step):
            .verified(id, step.file, attempt { () throws(SystemError) in try step.run(in: share, with: bench) })
        case .inspect(let request, let name, let known): .inspected(request, name, inspect(name, known))
        case .inspectStep(let request, let step): .inspected(request, step.name, inspect(step))
        case .checkLayer(let id, let root, let layer): .layerChecked(id, isRight: bench.isRight(layer, of: root))
        case .openPartial(let entry, let layer, let minFree, let runs):
            .partialOpened(entry.id, open(entry, layer, minFree, runs))
        case .reopenPartial(let entry, let record): reopen(entry, record)
        case .checkPartial(let id, let partial):
            .partialChecked(id, attempt { () throws(SystemError) in try partial.check() })
        case .verifyPartial(let id, let verification, let isOpen):
            .partialVerified(
                id, attempt { () throws(SystemError) in try verification.run(with: bench) }, isOpen: isOpen)
        case .sync(let id, let partial, let pieces): .synced(id, pieces, sync(partial))
        case .checkSpace(let needs, let minFree): .spaceChecked(check(needs, minFree))
        case .store(let id, let partial, let connection, let index, let buffer, let length):
            .stored(id, connection, index: index, buffer, store(partial, index, buffer, length))
        case .deliver(let id, let partial, let terms): delivery(id, deliver(partial, terms))
        case .repair(let id, let partial, let known, let bad, let modified):
            delivery(id, repair(known, bad, modified, from: partial))
        case .discard(let partial): discard(partial)
        case .discardLeftover(let name): discard(name)
        case .openShared(let name):
            .sharedOpened(
                name,
                attempt { () throws(SystemError) in
                    let (file, identity) = try share.open(name)
                    return ServedFile(file: file, identity: identity)
                })
        case .warm(let connection, let file, let offset, let count): warm(connection, file, offset, count)
        case .tree(let job): .tree(perform(job))
        case .resolve(let index, let host, let port): resolve(index, host, port)
        }
    }

    private func giveBackMemory() -> PeerCompletion {
        FreeMemory.giveBack()
        return .nothing
    }

    func attempt<R>(_ body: () throws(SystemError) -> R) -> Result<R, SystemError> {
        do throws(SystemError) { return .success(try body()) } catch { return .failure(error) }
    }

    private func store(_ partial: PartialFile, _ index: Int, _ buffer: PieceBuffer, _ length: Int) -> PieceOutcome {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.memory[..<length])
        do throws(SystemError) {
            return try partial.store(bytes, index: index, with: bench) ? .stored : .wrong
        } catch {
            return .failed(DiskFailure(error))
        }
    }

    private func inspect(_ name: ShareName, _ known: KnownFile?) -> Inspection {
        do throws(SystemError) {
            switch try share.standing(at: name) {
            case .absent: return .settled(.absent)
            case .occupied(let what): return .settled(.occupied(what))
            case .file(let identity):
                if let known, known.identity == identity { return .settled(.file(known.root)) }
                return .hashing(try IndexStep(name, in: share))
            }
        } catch {
            return .settled(.failed(DiskFailure(error)))
        }
    }

    private func inspect(_ step: IndexStep) -> Inspection {
        do throws(SystemError) {
            switch try step.run(in: share, with: bench) {
            case .more(let next, _): return .hashing(next)
            case .done(let file): return .hashed(file)
            case .changed, .openForWriting: return .settled(.occupied("a file that is being written"))
            }
        } catch {
            return .settled(.failed(DiskFailure(error)))
        }
    }

    // MARK: Partial files

    private func open(
        _ entry: DownloadEntry, _ layer: [Digest], _ minFree: Reserve, _ runs: [UInt64]
    ) -> Result<PartialFile, DiskFailure> {
        let layout = PieceLayout(length: entry.root.length)
        let length = entry.kind.badPieces.flatMap { layout?.bytes(of: $0) } ?? entry.root.length
        if entry.kind == .file,
            case .failure(let error) = attempt({ () throws(SystemError) in
                try partials.checkTakes(entry.name)
            })
        {
            return .failure(
                DiskFailure(
                    message: "\(error): nothing was fetched; let the daemon's user write there, and ask again",
                    code: error.code, isOutOfSpace: false))
        }
        return partials.reserving {
            let promised = partials.promises.total(except: runs)
            if let failure = missing([length], minFree, promised: promised) { return .failure(failure) }
            do throws(SystemError) {
                let partial = try partials.open(
                    entry.name, entry.root, layer, serial: entry.id.rawValue, wanted: entry.kind.badPieces)
                for run in runs { partials.promises.take(block.taken(by: length), from: run) }
                return .success(partial)
            } catch {
                return .failure(notReserved(length, minFree, error))
            }
        }
    }

    private func reopen(_ entry: DownloadEntry, _ record: PartialRecord) -> PeerCompletion {
        let result = attempt { () throws(SystemError) in
            try partials.reopen(record, as: entry.name, entry.root, synced: entry.sync)
        }
        guard case .success(.missing) = result, case .file(let identity)? = try? share.standing(at: entry.name) else {
            return .partialReopened(entry, result, isThere: false)
        }
        return .partialReopened(entry, result, isThere: identity.size == entry.root.length)
    }

    private func sync(_ partial: PartialFile) -> DiskFailure? {
        do throws(SyncError) {
            try partial.sync()
            return nil
        } catch {
            return DiskFailure(error.system)
        }
    }

    private func delivery(_ id: DownloadID, _ result: Result<DeliveredFile, DeliveryError>) -> PeerCompletion {
        switch result {
        case .success(let delivery): .delivered(id, delivery)
        case .failure(.withoutInode(let error)): .undelivered(id, .failed(error), withoutInode(error))
        case .failure(let error): .undelivered(id, error, DiskFailure(error.system))
        }
    }

    private func deliver(
        _ partial: PartialFile, _ terms: DeliveryTerms
    ) -> Result<DeliveredFile, DeliveryError> {
        // One of a directory that came by itself meanwhile needs no backup; a large one is not worth hashing for that.
        if terms.replacing, partial.layout.pieceCount <= 1, let file = sameFile(as: partial, sync: terms.sync) {
            try? partials.discard(partial)
            return .success(DeliveredFile(file: file, backup: nil))
        }
        do throws(DeliveryError) {
            return .success(
                try partials.deliver(
                    partial, replacing: terms.replacing, keepingBackup: terms.keepsBackup, modified: terms.modified,
                    mode: terms.mode, sync: terms.sync))
        } catch {
            guard case .occupied = error, let file = sameFile(as: partial, sync: terms.sync) else {
                return .failure(error)
            }
            try? partials.discard(partial)
            return .success(DeliveredFile(file: file, backup: nil))
        }
    }

    /// What stands at the name may be the very same: a daemon that was killed after it had delivered the file, and before
    /// anything of it was recorded, leaves the download to be done again.
    private func sameFile(as partial: PartialFile, sync: Bool) -> IndexedFile? {
        guard let file = try? share.file(at: partial.name, of: partial.root, with: bench) else { return nil }
        return sync ? (try? share.directory.syncFileSystem()).map { file } : file
    }

    private func repair(
        _ known: IndexedFile, _ bad: PieceSet, _ modified: Int64, from partial: PartialFile
    ) -> Result<DeliveredFile, DeliveryError> {
        do throws(DeliveryError) {
            let file = try SharedRepair.run(
                known, bad: bad, modified: modified, from: partial, in: share, with: bench)
            // What is left of it is removed at the next start.
            try? partials.discard(partial)
            return .success(DeliveredFile(file: file, backup: nil))
        } catch {
            return .failure(error)
        }
    }

    private func discard(_ name: String) -> PeerCompletion {
        try? partials.discard(named: name)
        return .nothing
    }

    private func discard(_ partial: PartialFile) -> PeerCompletion {
        // A file that is gone already is no loss, and any other failure is told when the directory is next used.
        try? partials.discard(partial)
        return .nothing
    }

    /// Reads a range so that sending it does not wait for the disk.
    private func warm(_ connection: ConnectionID, _ file: OpenFile, _ offset: UInt64, _ count: Int) -> PeerCompletion {
        bench.readThrough(file, offset: offset, count: count)
        return .warmed(connection)
    }

    private func resolve(_ index: Int, _ host: String, _ port: UInt16) -> PeerCompletion {
        do throws(HostLookupError) {
            let address = try HostLookup.resolve(host: host, port: port)
            return .resolved(index: index, .success(PeerAddress(high: address.high, low: address.low, port: port)))
        } catch {
            return .resolved(index: index, .failure(error))
        }
    }
}

extension DiskFailure {
    init(_ error: SystemError) {
        let isForbidden = error.isNotPermitted || error.isReadOnly
        let advice = isForbidden ? "; give the daemon's user the right to do that, and ask again" : ""
        self.init(message: "\(error)\(advice)", code: error.code, isOutOfSpace: error.isOutOfSpace)
    }
}
