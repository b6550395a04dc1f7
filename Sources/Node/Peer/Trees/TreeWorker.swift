import Content
import PeerCore
import Posix
import Reactor
import Storage

/// Does the jobs of directories.
extension PeerWorker {
    func perform(_ job: TreeJob) -> TreeCompletion {
        switch job {
        case .inspect(let request, let name): .inspected(request, name, inspectTree(name))
        case .list(let listing):
            .listed(listing.name, attempt { () throws(SystemError) in try listing.run(in: share) })
        case .make(let name, let contents, let catalog, let unreadable, let needed):
            .made(
                name,
                attempt { () throws(SystemError) in try make(name, contents, catalog, unreadable, needed) })
        case .read(let entry, let partial, let needed): read(entry, partial, needed)
        case .survey(let run, let survey, let minFree): self.survey(run, survey, minFree)
        case .stage(let run, let batch, let minFree): .staged(run, batch, stage(run, batch, minFree))
        case .publish(let run, let files):
            .published(run, files, publish(run.files, files))
        case .discard(let files, let indices): discard(files, indices)
        case .abandon(let run, let survey): .abandoned(run, made: survey.madeSoFar(in: share))
        case .remove(let tree, let remains): remove(tree, remains)
        case .openManifest(let digest):
            .manifestOpened(
                digest,
                attempt { () throws(SystemError) in
                    let (file, identity) = try manifests.open(digest)
                    return ServedFile(file: file, identity: identity)
                })
        case .readSmall(let connection, let files):
            .smallRead(connection, files, SmallAnswer(files, in: share, busyAfter: Self.busyAfter))
        }
    }

    /// For want of descriptors, in milliseconds.
    private static let busyAfter: UInt32 = 1000

    private func inspectTree(_ name: ShareName) -> LocalFile? {
        do throws(SystemError) {
            switch try share.directory.standing(at: name.path)?.kind {
            case .directory: return nil
            case .regular: return .occupied("a file")
            case .other: return .occupied("a link or special file")
            case nil: return .absent
            }
        } catch {
            return .failed(DiskFailure(error))
        }
    }

    // MARK: Manifests

    private func make(
        _ name: ShareName, _ contents: TreeContents, _ catalog: Catalog, _ unreadable: [ShareName: String],
        _ needed: Set<Digest>
    ) throws(SystemError) -> ManifestOutcome {
        let outcome = ManifestMaker.make(name, contents) { name, identity in
            if let file = catalog[name], file.identity.hasSameBytes(as: identity) { return .root(file.root) }
            return unreadable[name].map { .unreadable($0) } ?? .pending
        }
        switch outcome {
        case .made(let made): return .made(made, try manifests.keep(made.manifest, needed: needed, with: bench))
        case .pending: return .pending
        case .refused(let error): return .refused("\(error)")
        case .incomplete(let shown, let reason): return .refused("\(shown) is not to be had: \(reason)")
        }
    }

    private func read(_ entry: DownloadEntry, _ partial: PartialFile?, _ needed: Set<Digest>) -> TreeCompletion {
        do throws(SystemError) {
            let bytes =
                if let partial {
                    try ManifestStore.read(partial.readable, entry.root, with: bench)
                } else {
                    try manifests.read(entry.root, with: bench)
                }
            return .read(entry.id, try reading(bytes, entry, partial, needed))
        } catch {
            return .read(entry.id, .failed(DiskFailure(error)))
        }
    }

    private func reading(
        _ bytes: [UInt8]?, _ entry: DownloadEntry, _ partial: PartialFile?, _ needed: Set<Digest>
    ) throws(SystemError) -> ManifestReading {
        // That no bytes at all lead to another root than that of none has nothing to do with the disk.
        guard let bytes = bytes ?? (partial != nil && entry.root.length == 0 ? [] : nil) else {
            guard partial != nil else { return .missing }
            // Every piece was right when it was written.
            _ = try partial?.check()
            throw SystemError("read the list of", on: entry.name.path, code: SystemError.deviceFailure)
        }
        do throws(ManifestError) {
            let manifest = try Manifest(name: entry.name, bytes: bytes)
            if partial != nil { _ = try? manifests.keep(manifest, needed: needed, with: bench) }
            return .read(manifest)
        } catch {
            return .refused("\(error)")
        }
    }

    // MARK: Files

    private func survey(_ run: TreeRun, _ survey: TreeSurvey, _ minFree: Reserve) -> TreeCompletion {
        do throws(SystemError) {
            switch try survey.run(in: share, with: bench) {
            case .more(let next): return .surveying(run, next)
            case .blocked(let error, let made):
                // What lacks is looked at first: removing them makes room.
                let failure = notMade(error)
                share.remove(made)
                return .surveyed(run, .failure(failure), made: [])
            case .done(let state):
                if let failure = promise(state.missingRoom, to: run, minFree) {
                    // Without its files it would look like a version of the tree.
                    share.remove(state.made)
                    return .surveyed(run, .failure(failure), made: [])
                }
                return .surveyed(run, .success(TreeFound(state, of: run.files.manifest)), made: state.made)
            }
        } catch {
            return .surveyed(run, .failure(notMade(error)), made: [])
        }
    }

    /// - Returns: why there is no room for so much, beside what was promised before.
    private func promise(_ needed: UInt64, to run: TreeRun, _ minFree: Reserve) -> DiskFailure? {
        guard needed > 0 else { return nil }
        return partials.reserving {
            let promised = partials.promises.total(except: [run.number])
            if let failure = missing([needed], minFree, promised: promised) { return failure }
            partials.promises.promise(needed, to: run.number)
            return nil
        }
    }

    /// What was promised to small files is reserved nowhere: others than the daemon may have taken it, so it is asked each
    /// time whether there is room.
    private func stage(_ run: TreeRun, _ batch: FileBatch, _ minFree: Reserve) -> [StagedFile] {
        if let failure = missing(batch.files.map { UInt64($0.range.count) }, minFree) {
            return batch.files.map {
                StagedFile(index: $0.index, connection: batch.connection, outcome: .failed(failure))
            }
        }
        let block = block
        let arrivals = batch.files.map { file in
            let bytes = UnsafeRawBufferPointer(rebasing: batch.buffer.memory[file.range])
            return TreeFiles.Arrival(index: file.index, bytes: bytes)
        }
        return zip(arrivals, run.files.stage(arrivals, with: bench)).map { file, result in
            if case .success(.stored) = result {
                partials.promises.take(block.taken(by: UInt64(file.bytes.count)), from: run.number)
            }
            return StagedFile(index: file.index, connection: batch.connection, outcome: outcome(result))
        }
    }

    private func outcome(_ result: Result<TreeFiles.Staging, SystemError>) -> StagedFile.Outcome {
        switch result {
        case .success(.stored): .stored
        case .success(.superfluous): .superfluous
        case .success(.wrong): .wrong
        case .failure(let error): .failed(notMade(error))
        }
    }

    private func publish(_ files: TreeFiles, _ indices: [Int]) -> Result<[Publishing], DiskFailure> {
        do throws(SystemError) {
            return .success(
                try files.publish(indices, with: bench).map {
                    Publishing(index: $0.index, result: $0.result.mapError(notMade))
                })
        } catch {
            return .failure(DiskFailure(error))
        }
    }

    private func remove(_ tree: DownloadID, _ remains: [TreeRemain]) -> TreeCompletion {
        share.remove(remains)
        return .removed(tree)
    }

    private func discard(_ files: TreeFiles, _ indices: [Int]) -> TreeCompletion {
        files.discard(indices)
        return .discarded
    }
}

extension TreeFound {
    init(_ state: TreeState, of manifest: Manifest) {
        self.init(
            missing: state.missing, present: state.present, presentBytes: state.presentBytes,
            obstacles: state.obstacles.map { found in
                Obstacle(
                    index: found.index,
                    failure: FetchFailure(found.obstacle, offered: manifest.root(at: Int(found.index))))
            }, madeDirectories: state.made.count, block: state.block)
    }
}

extension FetchFailure {
    fileprivate init(_ obstacle: TreeState.Obstacle, offered: FileRoot?) {
        switch obstacle {
        case .other(let local): self = .exists(local: local, offered: offered)
        case .rotten: self = .rotten
        case .occupied(let what): self = .occupied(what)
        case .failed(let error): self = .disk(DiskFailure(error))
        }
    }
}
