import FoundationEssentials
import GRDB
import Posix

/// Looks at a database before anything is written to it: is it ours, of a version we know, and sound?
enum DatabaseInspection {
    enum Finding {
        /// Empty or ours; it has made so many of the schema's steps.
        case usable(version: Int64)
        case unusable(SetAside.Reason)
    }

    /// Before SQLite sees the file: it would take an empty file for a new database and remove the log beside it.
    /// - Returns: nil if SQLite may have it.
    static func look(at directory: Directory) throws(SystemError) -> SetAside.Reason? {
        let log = try directory.entry(StateDatabase.logName)
        let logSize = log?.identity.size ?? 0
        guard let found = try directory.entry(StateDatabase.fileName) else {
            return logSize > 0 ? .corrupt("its log is there, but not the database itself") : nil
        }
        guard found.kind == .regular else { return nil }
        if found.identity.size == 0 { return .corrupt("it is empty") }
        let file = try directory.openFile(StateDatabase.fileName)
        let header = try FileIO.bytes(of: file.rawValue, limit: 20)
        guard let pageSize = pageSize(header) else { return .corrupt("it is no SQLite database") }
        // SQLite would fill the page up with zeros. With a log, its copy of the page counts.
        let isCut = logSize == 0 && !found.identity.size.isMultiple(of: pageSize)
        if isCut { return .corrupt("its last page is cut off") }
        return try log?.kind == .regular ? damage(inLogOf: logSize, directory) : nil
    }

    private static func damage(
        inLogOf size: UInt64, _ directory: Directory
    ) throws(SystemError) -> SetAside.Reason? {
        let file = try directory.openFile(StateDatabase.logName)
        return try WriteAheadLog.damage(in: file.rawValue, size: size).map { .corrupt($0) }
    }

    /// The size of a page in bytes. A file of a format that SQLite only reads counts as none of SQLite's: opened, it
    /// would look like a missing permission. Source: https://www.sqlite.org/fileformat2.html, 1.3 (bytes 0 to 19).
    private static func pageSize(_ header: [UInt8]) -> UInt64? {
        guard header.count == 20, header.starts(with: Array("SQLite format 3".utf8) + [0]),
            header[18...19].allSatisfy({ (1...2).contains($0) })
        else { return nil }
        let size = UInt64(header[16]) << 8 | UInt64(header[17])
        if size == 1 { return 65_536 }
        return size >= 512 && size.nonzeroBitCount == 1 ? size : nil
    }

    static func inspect(_ database: Database) throws -> Finding {
        let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let objects = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        if application == 0, version == 0, objects == 0 { return .usable(version: 0) }
        guard application == StateSchema.applicationID, version > 0 else {
            return .unusable(.corrupt("another program made it"))
        }
        guard version <= StateSchema.version else { return .unusable(.newer(version: version)) }
        guard try StateSchema.texts(in: database).isSuperset(of: StateSchema.texts(ofVersion: version)) else {
            return .unusable(.corrupt("its tables are not those of version \(version)"))
        }
        let complaint = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no answer"
        return complaint == "ok" ? .usable(version: version) : .unusable(.corrupt(complaint))
    }
}
