import GRDB
import Posix

extension StateDatabase {
    /// Opens the database of a state directory, or makes it. One that is damaged, or that a newer p2pd made, is kept
    /// under another name, and a new one made in its place.
    /// - Parameters:
    ///   - partials: the partial files that it tells of: they are set aside with it.
    ///   - now: seconds since 1970, for the name of what is set aside.
    /// - Returns: what was set aside, for the log.
    /// - Throws: for whatever does not lie in the file's content: a missing permission, a full disk, a disk that fails.
    public static func open(
        in directory: Directory, with partials: PartialStore? = nil, now: Int64 = WallClock.seconds()
    ) throws(StateDatabaseError) -> (database: StateDatabase, setAside: SetAside?) {
        if let reason = try attempt(
            in: directory,
            { () throws(SystemError) in
                try DatabaseInspection.look(at: directory)
            })
        {
            return try renew(in: directory, with: partials, because: reason, now: now)
        }
        switch try inspected(in: directory) {
        case .usable(let database): return (database, nil)
        case .unusable(let reason): return try renew(in: directory, with: partials, because: reason, now: now)
        }
    }

    private static func renew(
        in directory: Directory, with partials: PartialStore?, because reason: SetAside.Reason, now: Int64
    ) throws(StateDatabaseError) -> (database: StateDatabase, setAside: SetAside?) {
        let setAside = try attempt(in: directory) { () throws(SystemError) in
            try SetAside(fileName, in: directory, with: partials, because: reason, now: now)
        }
        switch try inspected(in: directory) {
        case .usable(let database): return (database, setAside)
        case .unusable:
            throw StateDatabaseError(
                "make a new database at", "\(directory.path)/\(fileName)", reason: "it cannot be read back",
                cause: .other)
        }
    }

    private enum Opened {
        case usable(StateDatabase)
        case unusable(SetAside.Reason)
    }

    private static func inspected(in directory: Directory) throws(StateDatabaseError) -> Opened {
        // SQLite would let everybody read a file that it makes itself.
        try attempt(in: directory) { () throws(SystemError) in
            if try directory.entry(fileName) == nil { _ = try directory.createFile(fileName, mode: 0o600) }
        }
        do throws(StateDatabaseError) {
            let database = try StateDatabase(connecting: "\(directory.path)/\(fileName)")
            switch try database.access("inspect", DatabaseInspection.inspect) {
            case .usable(let version):
                try database.prepare(from: version)
                return .usable(database)
            case .unusable(let reason):
                try database.close()
                return .unusable(reason)
            }
        } catch {
            guard error.cause == .corrupt else { throw error }
            return .unusable(.corrupt(error.reason))
        }
    }

    private func prepare(from version: Int64) throws(StateDatabaseError) {
        try access("set up") { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            // Otherwise a power failure may take back what was committed. Source: https://www.sqlite.org/wal.html
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA journal_size_limit = \(StorageLimits.databaseLogBytesMax)")
        }
        try transaction("set up") { database in try StateSchema.upgrade(database, from: version) }
        // A disk without room for it has the log, as before.
        try? checkpoint()
    }

    private static func attempt<R>(
        in directory: Directory, _ body: () throws(SystemError) -> R
    ) throws(StateDatabaseError) -> R {
        do throws(SystemError) { return try body() } catch {
            throw StateDatabaseError(
                "open", "\(directory.path)/\(fileName)", reason: "\(error)",
                cause: error.isOutOfSpace ? .outOfSpace : .other)
        }
    }
}
