import Content
import GRDB
import Posix

/// A change of the index.
public enum FileChange: Sendable {
    /// A file's content is known, perhaps anew.
    case put(IndexedFile)
    case remove(ShareName)
    /// A directory is here only for the sake of what was fetched below it, or is so no more.
    case addFragment(ShareName)
    case removeFragment(ShareName)

    public var name: ShareName {
        switch self {
        case .put(let file): file.name
        case .remove(let name), .addFragment(let name), .removeFragment(let name): name
        }
    }

    /// Of several changes of a name only the last counts.
    public static func latest(_ changes: [FileChange]) -> [FileChange] {
        var seen: Set<ShareName> = []
        return changes.reversed().filter { seen.insert($0.name).inserted }.reversed()
    }
}

/// The index of the share: which content each name had when it was hashed.
extension StateDatabase {
    /// Every file of the index, in no order. What makes no sense is left out: such a file is hashed again.
    public func files() throws(StateDatabaseError) -> [IndexedFile] {
        try access("read the index in") { database in
            var files: [IndexedFile] = []
            let statement = try database.cachedStatement(
                sql: "SELECT name, size, modified, changed, inode, device, root, layer FROM files")
            let rows = try Row.fetchCursor(statement)
            while let row = try rows.next() {
                if let file = try IndexedFile(row) { files.append(file) }
            }
            return files
        }
    }

    /// Directories that are here only for the sake of what was fetched below them, in no order.
    public func fragments() throws(StateDatabaseError) -> Set<ShareName> {
        try access("read the index in") { database in
            Set(try String.fetchAll(database, sql: "SELECT name FROM fragments").compactMap { try? ShareName($0) })
        }
    }

    /// Makes all changes, in their order, or none.
    public func apply(_ changes: [FileChange]) throws(StateDatabaseError) {
        guard !changes.isEmpty else { return }
        try transaction("write the index to") { database in
            let put = try database.cachedStatement(sql: "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            let remove = try database.cachedStatement(sql: "DELETE FROM files WHERE name = ?")
            let add = try database.cachedStatement(sql: "INSERT OR REPLACE INTO fragments VALUES (?)")
            let end = try database.cachedStatement(sql: "DELETE FROM fragments WHERE name = ?")
            for change in changes {
                switch change {
                case .put(let file): try put.execute(arguments: file.columns)
                case .remove(let name): try remove.execute(arguments: [name.path])
                case .addFragment(let name): try add.execute(arguments: [name.path])
                case .removeFragment(let name): try end.execute(arguments: [name.path])
                }
            }
        }
    }
}

extension IndexedFile {
    /// The layer of a file of one piece is its root: kept a second time, so that it shows when a disk has spoiled one of them.
    fileprivate var columns: StatementArguments {
        [
            name.path, identity.size.column, identity.modified, identity.changed, identity.inode.column,
            identity.device.column, root.digest.column, layer.isEmpty ? nil : layer.column,
        ]
    }

    fileprivate init?(_ row: Row) throws {
        let identity = FileIdentity(
            device: try row.unsigned(5), inode: try row.unsigned(4), size: try row.unsigned(1),
            modified: try row.integer(2), changed: try row.integer(3))
        guard let name = try? ShareName(try row.text(0)), let digest = try row.digest(6),
            let layout = PieceLayout(length: identity.size)
        else { return nil }
        let layer =
            switch layout.pieceCount {
            case 0: [Digest]()
            // An earlier release kept no second one.
            case 1: try row.digests(7) ?? [digest]
            default: try row.digests(7) ?? []
            }
        guard layer.count == layout.pieceCount else { return nil }
        let root = FileRoot(digest: digest, length: identity.size)
        self.init(name: name, root: root, identity: identity, layer: layer)
    }
}
