import Content
import FoundationEssentials
import GRDB

/// A row of a download that makes no sense.
public struct UnreadableRecord: Hashable, Sendable {
    public let id: UInt64
    /// Of its partial file, as the row has it.
    public let fileName: String?
}

/// The downloads that are not finished.
extension StateDatabase {
    /// Every download, in the order of the queue.
    /// - Returns: also rows that make no sense.
    public func downloads() throws(StateDatabaseError) -> (records: [DownloadRecord], unreadable: [UnreadableRecord]) {
        try access("read the downloads in") { database in
            var (records, unreadable) = ([DownloadRecord](), [UnreadableRecord]())
            let rows = try Row.fetchCursor(try database.cachedStatement(sql: DownloadRecord.query))
            while let row = try rows.next() {
                if let record = try DownloadRecord(row) {
                    records.append(record)
                } else {
                    unreadable.append(
                        UnreadableRecord(
                            id: try row.unsigned(0), fileName: row.hasNull(atIndex: 14) ? nil : try row.text(14)))
                }
            }
            return (records, unreadable)
        }
    }

    /// Adds a download, or replaces all that is known of it.
    public func put(_ record: DownloadRecord) throws(StateDatabaseError) {
        try transaction("record a download in") { database in
            try database.cachedStatement(sql: "DELETE FROM downloads WHERE id = ?").execute(arguments: [
                record.id.column
            ])
            try database.cachedStatement(
                sql: "INSERT INTO downloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ).execute(arguments: [record.id.column] + record.values + [record.added] + record.laterValues)
            try StateDatabase.put(record.partial, of: record.id, in: database)
            guard case .repair(let bad, let mending) = record.kind else { return }
            try database.cachedStatement(sql: "INSERT INTO repairs VALUES (?, ifnull(?, x''), ?, ?, ?)").execute(
                arguments: [
                    record.id.column, Data(bad.bytes), mending?.inode.column ?? 0, mending?.modified ?? 0,
                    mending?.begun ?? 0,
                ])
        }
    }

    /// Replaces what is known of a download, but for its partial file, for how far a repair is, and for when it was added.
    /// One that is not recorded, because it was removed meanwhile, stays so.
    public func update(_ record: DownloadRecord) throws(StateDatabaseError) {
        try transaction("record a download in") { database in
            try database.cachedStatement(
                sql: """
                    UPDATE downloads SET kind = ?, name = ?, root = ?, length = ?, modified = ?, replacing = ?,
                        keep_backup = ?, sync = ?, priority = ?, position = ?, state = ?, cause = ?,
                        failure = ?, tree_have = ?, tree_length = ?
                    WHERE id = ?
                    """
            ).execute(arguments: record.values + record.laterValues + [record.id.column])
            guard case .repair(let bad, _) = record.kind else { return }
            try database.cachedStatement(
                sql: "UPDATE repairs SET bad = ifnull(?1, x'') WHERE download = ?2 AND bad <> ?1"
            )
            .execute(arguments: [Data(bad.bytes), record.id.column])
        }
    }

    /// Notes that the pieces of a repair are about to be written into the shared file.
    public func set(_ mending: Mending, of id: UInt64) throws(StateDatabaseError) {
        try transaction("record a repair in") { database in
            try database.cachedStatement(
                sql: "UPDATE repairs SET inode = ?, modified = ?, begun = ? WHERE download = ?"
            ).execute(arguments: [mending.inode.column, mending.modified, mending.begun, id.column])
        }
    }

    /// Notes a download's partial file, or that it has none.
    public func setPartial(_ partial: PartialRecord?, of id: UInt64) throws(StateDatabaseError) {
        try transaction("record a download in") { database in try StateDatabase.put(partial, of: id, in: database) }
    }

    /// Records the pieces that are good now. What is not recorded, because it was removed meanwhile, stays so.
    public func setPieces(_ pieces: PieceSet, of id: UInt64) throws(StateDatabaseError) {
        try transaction("record pieces in") { database in
            try database.cachedStatement(sql: "UPDATE pieces SET verified = ifnull(?, x'') WHERE download = ?")
                .execute(arguments: [Data(pieces.bytes), id.column])
        }
    }

    public func setState(_ state: DownloadRecord.State, of id: UInt64) throws(StateDatabaseError) {
        try transaction("record a download in") { database in
            try database.cachedStatement(sql: "UPDATE downloads SET state = ?, cause = ?, failure = ? WHERE id = ?")
                .execute(arguments: [state.number, state.cause, state.failure, id.column])
        }
    }

    public func setPlace(priority: Int, order: Int, of id: UInt64) throws(StateDatabaseError) {
        try transaction("record a download in") { database in
            try database.cachedStatement(sql: "UPDATE downloads SET priority = ?, position = ? WHERE id = ?")
                .execute(arguments: [priority, order, id.column])
        }
    }

    public func removeDownload(_ id: UInt64) throws(StateDatabaseError) {
        try transaction("remove a download from") { database in
            try database.cachedStatement(sql: "DELETE FROM downloads WHERE id = ?").execute(arguments: [id.column])
        }
    }

    /// No bytes at all are NULL to SQLite's binding; hence `ifnull` here and above.
    private static func put(_ partial: PartialRecord?, of id: UInt64, in database: Database) throws {
        for table in ["partials", "pieces"] {
            try database.cachedStatement(sql: "DELETE FROM \(table) WHERE download = ?").execute(arguments: [id.column])
        }
        guard let partial else { return }
        try database.cachedStatement(sql: "INSERT INTO partials VALUES (?, ?, ?, ?, ?, ?, ifnull(?, x''))").execute(
            arguments: [
                id.column, partial.fileName, partial.inode.column, partial.device.column, partial.bootID,
                partial.seal, partial.layer.column,
            ])
        try database.cachedStatement(sql: "INSERT INTO pieces VALUES (?, ifnull(?, x''))")
            .execute(arguments: [id.column, Data(partial.pieces.bytes)])
    }
}

extension DownloadRecord.Kind {
    fileprivate var number: Int64 {
        switch self {
        case .file: 0
        case .tree: 1
        case .repair: 2
        }
    }

    /// - Returns: nil also for a repair of which nobody knows what is bad.
    fileprivate init?(_ row: Row, _ layout: PieceLayout) throws {
        switch try row.integer(1) {
        case 0: self = .file
        case 1: self = .tree
        case 2:
            guard !row.hasNull(atIndex: 24),
                let bad = PieceSet(pieceCount: layout.pieceCount, bytes: try row.bytes(24)), !bad.isEmpty
            else { return nil }
            let mending = Mending(
                inode: try row.unsigned(25), modified: try row.integer(26), begun: try row.integer(27))
            self = .repair(bad: bad, mending: mending.begun == 0 ? nil : mending)
        default: return nil
        }
    }
}

extension DownloadRecord.State {
    fileprivate var number: Int64 {
        switch self {
        case .running: 0
        case .paused: 1
        case .failed: 2
        case .kept: 3
        }
    }

    fileprivate var cause: String {
        switch self {
        case .running, .paused, .kept: ""
        case .failed(let cause, _): cause
        }
    }

    fileprivate var failure: String {
        switch self {
        case .running, .paused, .kept: ""
        case .failed(_, let kind): kind
        }
    }

    fileprivate init?(number: Int64, cause: String, failure: String) {
        switch number {
        case 0: self = .running
        case 1: self = .paused
        case 2: self = .failed(cause, kind: failure)
        case 3: self = .kept
        default: return nil
        }
    }
}

extension DownloadRecord {
    fileprivate static let query = """
        SELECT id, kind, name, root, length, downloads.modified, replacing, keep_backup, sync, priority, position,
            state, cause, added, file, partials.inode, device, boot, seal, layer, verified, failure, tree_have,
            tree_length, bad, repairs.inode, repairs.modified, begun
        FROM downloads LEFT JOIN partials ON partials.download = id LEFT JOIN pieces ON pieces.download = id
            LEFT JOIN repairs ON repairs.download = id
        ORDER BY priority DESC, position, id
        """

    /// All but the number and the time of adding.
    fileprivate var values: StatementArguments {
        [
            kind.number, name.path, root.digest.column, root.length.column, modified, replacing.column,
            keepBackup.column, sync.column, priority, order, state.number, state.cause,
        ]
    }

    /// Of columns that came with later versions.
    fileprivate var laterValues: StatementArguments { [state.failure, treeHave.column, treeLength.column] }

    fileprivate init?(_ row: Row) throws {
        guard let name = try? ShareName(try row.text(2)), let digest = try row.digest(3),
            let layout = PieceLayout(length: try row.unsigned(4)), let kind = try Kind(row, layout),
            let state = State(number: try row.integer(11), cause: try row.text(12), failure: try row.text(21))
        else { return nil }
        self.init(
            id: try row.unsigned(0), kind: kind, name: name, root: FileRoot(digest: digest, length: layout.length),
            modified: try row.integer(5), replacing: try row.flag(6), keepBackup: try row.flag(7),
            sync: try row.flag(8), priority: Int(try row.integer(9)), order: Int(try row.integer(10)), state: state,
            partial: try PartialRecord(row, layout), added: try row.integer(13),
            treeHave: try row.unsigned(22), treeLength: try row.unsigned(23))
    }
}

extension PartialRecord {
    /// Without a layer that fits there is nothing to go on with; without a set that fits, nothing is known to be good.
    fileprivate init?(_ row: Row, _ layout: PieceLayout) throws {
        guard !row.hasNull(atIndex: 14), let layer = try row.digests(19), layer.count == layout.pieceCount else {
            return nil
        }
        self.init(
            fileName: try row.text(14), device: try row.unsigned(16), inode: try row.unsigned(15),
            bootID: try row.text(17), seal: try row.integer(18), layer: layer,
            pieces: PieceSet(pieceCount: layout.pieceCount, bytes: try row.bytes(20))
                ?? PieceSet(pieceCount: layout.pieceCount))
    }
}
