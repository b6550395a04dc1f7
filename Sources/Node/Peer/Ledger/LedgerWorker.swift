import PeerCore
import Posix
import Storage

/// Does the jobs of the database's thread. A database that cannot be opened fails every job with the same words.
final class LedgerWorker {
    private let statePath: String
    private let partials: PartialStore
    private let layers = StoredLayers()
    private var database: Result<StateDatabase, StateDatabaseError>

    /// - Parameters:
    ///   - statePath: the state directory's.
    ///   - partials: what the downloads of the database have come to.
    init(statePath: String, partials: PartialStore) {
        (self.statePath, self.partials) = (statePath, partials)
        database = .failure(
            StateDatabaseError(
                "use", "\(statePath)/\(StateDatabase.fileName)", reason: "it was not opened", cause: .other))
    }

    func perform(_ job: LedgerJob) -> LedgerCompletion {
        switch job {
        case .open: .opened(attempt { () throws(StateDatabaseError) in try open() })
        case .loadIndex:
            .indexLoaded(
                attempt { () throws(StateDatabaseError) in
                    let database = try database.get()
                    return StoredIndex(files: layers.right(try database.files()), fragments: try database.fragments())
                })
        case .writeIndex(let changes): .indexWritten(attempt { () throws(StateDatabaseError) in try write(changes) })
        case .loadDownloads(let now): .downloadsLoaded(attempt { () throws(StateDatabaseError) in try load(now) })
        case .setPieces(let id, let pieces):
            .piecesRecorded(
                id,
                attempt { () throws(StateDatabaseError) in
                    try database.get().setPieces(pieces, of: id.rawValue)
                })
        case .mend(let id, let known, let bad, let mending):
            .mendingNoted(
                id, known, bad: bad, mending,
                attempt { () throws(StateDatabaseError) in try database.get().set(mending, of: id.rawValue) })
        case .loadRemains(let id):
            .remainsLoaded(
                id, attempt { () throws(StateDatabaseError) in try database.get().remains(of: id.rawValue) })
        case .passOn(let answer): .passedOn(answer)
        case .checkpoint: checkpoint()
        case .putDownload(let record):
            .downloadRecorded(
                DownloadID(rawValue: record.id),
                attempt { () throws(StateDatabaseError) in try database.get().put(record) })
        case .updateDownload(let record):
            .downloadRecorded(
                DownloadID(rawValue: record.id),
                attempt { () throws(StateDatabaseError) in try database.get().update(record) })
        case .removeDownload(let id):
            .downloadRecorded(
                id, attempt { () throws(StateDatabaseError) in try database.get().removeDownload(id.rawValue) })
        case .setPartial, .putRemains, .putBan, .removeBan:
            .recorded(attempt { () throws(StateDatabaseError) in try record(job) })
        }
    }

    private func open() throws(StateDatabaseError) -> SetAside? {
        let directory: Directory
        do throws(SystemError) { directory = try Directory(path: statePath) } catch {
            throw StateDatabaseError(
                "open", "\(statePath)/\(StateDatabase.fileName)", reason: "\(error)", cause: .other)
        }
        let (opened, setAside) = try StateDatabase.open(in: directory, with: partials)
        database = .success(opened)
        return setAside
    }

    /// What stays in the log is as durable there.
    private func checkpoint() -> LedgerCompletion {
        try? database.get().checkpoint()
        return .checkpointed
    }

    private func load(_ now: Int64) throws(StateDatabaseError) -> KeptState {
        let (records, unreadable) = try database.get().downloads()
        let downloads = layers.right(records)
        let bans = try database.get().bans(now: now)
        let (problems, stuck) = try setAside(unreadable, now)
        // Before anybody knows of a download: the next partial file may have the name of one that is left.
        let unremoved = removePartials(except: stuck.union(downloads.compactMap(\.partial?.fileName)))
        return KeptState(downloads: downloads, bans: bans, unreadable: problems, unremoved: unremoved)
    }

    /// What had come of a download whose row makes no sense is kept where no later start removes it.
    /// - Returns: what to tell of them, and the partial files that could not be moved.
    private func setAside(
        _ unreadable: [UnreadableRecord], _ now: Int64
    ) throws(StateDatabaseError) -> (problems: [String], stuck: Set<String>) {
        guard !unreadable.isEmpty else { return ([], []) }
        let fileNames = Set(unreadable.compactMap(\.fileName))
        let shown = unreadable.map { "\($0.id)" }.joined(separator: ", ")
        let what = "the record of download \(shown) makes no sense, and it has to be requested again"
        let place: String?
        do throws(SystemError) {
            place = try partials.setAside("unreadable-\(WallClock.stamp(now))", where: fileNames.contains)
        } catch {
            return ([what + "; what had come of it stays where it is, since it cannot be moved: \(error)"], fileNames)
        }
        for record in unreadable { try database.get().removeDownload(record.id) }
        return ([what + (place.map { "; what had come of it was kept in \($0)" } ?? "")], [])
    }

    private func removePartials(except kept: Set<String>) -> [SystemError] {
        do throws(SystemError) { return try partials.removeAll(except: kept) } catch { return [error] }
    }

    private func record(_ job: LedgerJob) throws(StateDatabaseError) {
        let database = try database.get()
        switch job {
        case .setPartial(let id, let partial): try database.setPartial(partial, of: id.rawValue)
        case .putRemains(let id, let remains): try database.put(remains, of: id.rawValue)
        case .putBan(let ban): try database.put(ban)
        case .removeBan(let peer): try database.removeBan(of: peer)
        case .open, .loadIndex, .writeIndex, .loadDownloads, .putDownload, .updateDownload, .removeDownload, .setPieces,
            .mend, .loadRemains, .passOn, .checkpoint:
            break
        }
    }

    private func write(_ changes: [FileChange]) throws(StateDatabaseError) -> Int {
        try database.get().apply(changes)
        return changes.count
    }

    private func attempt<R>(_ body: () throws(StateDatabaseError) -> R) -> Result<R, StateDatabaseError> {
        do throws(StateDatabaseError) { return .success(try body()) } catch { return .failure(error) }
    }
}
