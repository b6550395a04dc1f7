import FoundationEssentials
import GRDB
import Posix

/// What outlives the daemon, in an SQLite database: the index of the share, the downloads, the bans, and settings made
/// at run time. What a call has written is durable when it returns. Calls wait for the disk: for one worker thread.
public final class StateDatabase: Sendable {
    public static let fileName = "p2pd.sqlite"
    static let logName = fileName + "-wal"

    public let path: String
    private let queue: DatabaseQueue

    /// Connects to a file, or makes it. Nothing is read or written yet.
    init(connecting path: String) throws(StateDatabaseError) {
        var configuration = Configuration()
        // The daemon's own lock keeps other daemons out; whoever looks at the file by hand is waited for.
        configuration.busyMode = .timeout(StorageLimits.databaseBusySeconds)
        self.path = path
        do { queue = try DatabaseQueue(path: path, configuration: configuration) } catch {
            throw StateDatabaseError("open", path, error)
        }
    }

    /// Ends the use of the file, so that it can be moved away.
    func close() throws(StateDatabaseError) {
        do { try queue.close() } catch { throw StateDatabaseError("close", path, error) }
    }

    /// Runs statements outside of any transaction of ours.
    /// - Parameter operation: with the path after it, what is attempted: "read the downloads in".
    func access<R>(_ operation: String, _ body: (Database) throws -> R) throws(StateDatabaseError) -> R {
        do { return try queue.writeWithoutTransaction(body) } catch {
            throw StateDatabaseError(operation, path, error)
        }
    }

    /// Brings what is only in the log into the database itself, and empties the log: the less is in it, the less goes with
    /// it. While somebody reads the database by hand, that is left for the next time.
    public func checkpoint() throws(StateDatabaseError) {
        try access("bring the log into") { database in
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            defer {
                try? database.execute(sql: "PRAGMA busy_timeout = \(Int(StorageLimits.databaseBusySeconds * 1000))")
            }
            _ = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// All of it or nothing, and durable when it returns.
    func transaction<R>(_ operation: String, _ body: (Database) throws -> R) throws(StateDatabaseError) -> R {
        do { return try queue.write(body) } catch { throw StateDatabaseError(operation, path, error) }
    }
}
