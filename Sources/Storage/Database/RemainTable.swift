import Content
import GRDB
import Posix

/// What unfinished downloads of directories have put into the share, so that it can be removed with them.
extension StateDatabase {
    /// Of a download that is not recorded, because it was removed meanwhile, nothing is.
    public func put(_ remains: [TreeRemain], of download: UInt64) throws(StateDatabaseError) {
        guard !remains.isEmpty else { return }
        try transaction("record a directory's files in") { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO remains SELECT id, ?, ?, ?, ?, ?, ?, ? FROM downloads WHERE id = ?
                    """)
            for remain in remains {
                let identity = remain.identity
                try statement.execute(arguments: [
                    remain.name.path, remain.kind.rawValue, identity.size.column, identity.modified, identity.changed,
                    identity.inode.column, identity.device.column, download.column,
                ])
            }
        }
    }

    /// What makes no sense is left out: it stays in the share.
    public func remains(of download: UInt64) throws(StateDatabaseError) -> [TreeRemain] {
        try access("read a directory's files in") { database in
            let statement = try database.cachedStatement(
                sql: "SELECT name, kind, size, modified, changed, inode, device FROM remains WHERE download = ?")
            var remains: [TreeRemain] = []
            let rows = try Row.fetchCursor(statement, arguments: [download.column])
            while let row = try rows.next() {
                guard let name = try? ShareName(try row.text(0)),
                    let kind = TreeRemain.Kind(rawValue: try row.integer(1))
                else { continue }
                let identity = FileIdentity(
                    device: try row.unsigned(6), inode: try row.unsigned(5), size: try row.unsigned(2),
                    modified: try row.integer(3), changed: try row.integer(4))
                remains.append(TreeRemain(kind, name, identity))
            }
            return remains
        }
    }
}
