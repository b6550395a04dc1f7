import Posix
import Storage

/// Does the jobs of the database's thread. A database that cannot be opened fails every job with the same words.
final class LedgerWorker {
    private let statePath: String
    private var database: Result<StateDatabase, StateDatabaseError>

    /// - Parameter statePath: the state directory's.
    init(statePath: String) {
        self.statePath = statePath
        database = .failure(
            StateDatabaseError(
                "use", "\(statePath)/\(StateDatabase.fileName)", reason: "it was not opened", cause: .other))
    }

    func perform(_ job: LedgerJob) -> LedgerCompletion {
        switch job {
        case .open: .opened(attempt { () throws(StateDatabaseError) in try open() })
        case .loadIndex: .indexLoaded(attempt { () throws(StateDatabaseError) in try database.get().files() })
        case .writeIndex(let changes): .indexWritten(attempt { () throws(StateDatabaseError) in try write(changes) })
        }
    }

    private func open() throws(StateDatabaseError) -> SetAside? {
        let directory: Directory
        do throws(SystemError) { directory = try Directory(path: statePath) } catch {
            throw StateDatabaseError(
                "open", "\(statePath)/\(StateDatabase.fileName)", reason: "\(error)", cause: .other)
        }
        let (opened, setAside) = try StateDatabase.open(in: directory)
        database = .success(opened)
        return setAside
    }

    private func write(_ changes: [FileChange]) throws(StateDatabaseError) -> Int {
        try database.get().apply(changes)
        return changes.count
    }

    private func attempt<R>(_ body: () throws(StateDatabaseError) -> R) -> Result<R, StateDatabaseError> {
        do throws(StateDatabaseError) { return .success(try body()) } catch { return .failure(error) }
    }
}
