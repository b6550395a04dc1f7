import GRDB

/// The tables, and how a database of an earlier version becomes one of this version.
enum StateSchema {
    /// "p2pd" in ASCII, in the header of the file: tells our databases from others'.
    static let applicationID: Int64 = 0x7032_7064

    /// One step a version; a database that has made the first n of them has `user_version` n. Steps are only ever
    /// added. STRICT, so that a column holds what it says and quick_check looks for it.
    ///
    /// What changes often and what is large are apart: SQLite writes a changed row anew as a whole, and pieces are
    /// recorded every second while a piece layer of 32 MiB stays as it is.
    static let steps = [
        """
        CREATE TABLE files (
            name TEXT NOT NULL PRIMARY KEY,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            device INTEGER NOT NULL,
            root BLOB NOT NULL,
            layer BLOB
        ) STRICT;

        CREATE TABLE downloads (
            id INTEGER NOT NULL PRIMARY KEY,
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            root BLOB NOT NULL,
            length INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            replacing INTEGER NOT NULL,
            keep_backup INTEGER NOT NULL,
            sync INTEGER NOT NULL,
            priority INTEGER NOT NULL,
            position INTEGER NOT NULL,
            state INTEGER NOT NULL,
            cause TEXT NOT NULL,
            added INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE partials (
            download INTEGER NOT NULL PRIMARY KEY REFERENCES downloads ON DELETE CASCADE,
            file TEXT NOT NULL,
            inode INTEGER NOT NULL,
            device INTEGER NOT NULL,
            boot TEXT NOT NULL,
            seal INTEGER NOT NULL,
            layer BLOB NOT NULL
        ) STRICT;

        CREATE TABLE pieces (
            download INTEGER NOT NULL PRIMARY KEY REFERENCES downloads ON DELETE CASCADE,
            verified BLOB NOT NULL
        ) STRICT;

        CREATE TABLE bans (
            peer BLOB NOT NULL PRIMARY KEY,
            address TEXT NOT NULL,
            reason TEXT NOT NULL,
            until INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE meta (
            key TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT;
        """,
        """
        CREATE TABLE remains (
            download INTEGER NOT NULL REFERENCES downloads ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            device INTEGER NOT NULL,
            PRIMARY KEY (download, name)
        ) STRICT;
        """,
        """
        ALTER TABLE downloads ADD COLUMN failure TEXT NOT NULL DEFAULT '';
        ALTER TABLE downloads ADD COLUMN tree_have INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE downloads ADD COLUMN tree_length INTEGER NOT NULL DEFAULT 0;
        """,
        """
        CREATE TABLE repairs (
            download INTEGER NOT NULL PRIMARY KEY REFERENCES downloads ON DELETE CASCADE,
            bad BLOB NOT NULL,
            inode INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            begun INTEGER NOT NULL
        ) STRICT;
        """,
        """
        CREATE TABLE fragments (name TEXT NOT NULL PRIMARY KEY) STRICT;
        """,
    ]

    static var version: Int64 { Int64(steps.count) }

    /// How a database says its tables are. Damage there may leave sound SQL that means something else.
    static func texts(in database: Database) throws -> Set<String> {
        try String.fetchSet(database, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    }

    /// How a sound database of a version would say it.
    static func texts(ofVersion version: Int64) throws -> Set<String> {
        try DatabaseQueue().write { database in
            for step in steps.prefix(Int(version)) { try database.execute(sql: step) }
            return try texts(in: database)
        }
    }

    /// Takes a database from `version` to this one; inside a transaction.
    static func upgrade(_ database: Database, from version: Int64) throws {
        guard version < self.version else { return }
        for step in steps.dropFirst(Int(version)) { try database.execute(sql: step) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(self.version)")
    }
}
