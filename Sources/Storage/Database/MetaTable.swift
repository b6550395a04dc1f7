import GRDB

/// Small texts by key: settings that were made at run time.
extension StateDatabase {
    public func texts() throws(StateDatabaseError) -> [String: String] {
        try access("read the settings in") { database in
            var texts: [String: String] = [:]
            let rows = try Row.fetchCursor(try database.cachedStatement(sql: "SELECT key, value FROM meta"))
            while let row = try rows.next() { texts[try row.text(0)] = try row.text(1) }
            return texts
        }
    }

    /// - Parameter text: nil removes the key.
    public func setText(_ text: String?, for key: String) throws(StateDatabaseError) {
        try transaction("record a setting in") { database in
            guard let text else {
                return try database.cachedStatement(sql: "DELETE FROM meta WHERE key = ?").execute(arguments: [key])
            }
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO meta VALUES (?, ?)")
                .execute(arguments: [key, text])
        }
    }
}
