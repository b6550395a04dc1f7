import Content
import Foundation
import Posix
import Testing

@testable import Storage

extension Scratch {
    var databasePath: String { "\(statePath)/\(StateDatabase.fileName)" }

    /// A moment that names what is set aside: 2001-09-09 01:46:40 UTC.
    static let billion: Int64 = 1_000_000_000

    func openDatabase() throws -> (database: StateDatabase, setAside: SetAside?) {
        try StateDatabase.open(in: state(), now: Scratch.billion)
    }

    /// A database that has to be there as it was left.
    func reopen() throws -> StateDatabase {
        let (database, setAside) = try openDatabase()
        #expect(setAside == nil)
        return database
    }

    func databaseBytes(_ suffix: String = "") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: databasePath + suffix)))
    }

    func writeDatabase(_ bytes: [UInt8], _ suffix: String = "") throws {
        _ = try state()
        try Data(bytes).write(to: URL(fileURLWithPath: databasePath + suffix))
    }
}

extension IndexedFile {
    /// A file that nobody hashed.
    static func made(_ name: String, length: UInt64, salt: UInt64 = 0) throws -> IndexedFile {
        let layout = try #require(PieceLayout(length: length))
        let layer = try (0..<layout.pieceCount).map { try Digest.made(UInt64($0) ^ salt) }
        let digest = layer.count == 1 ? layer[0] : try Digest.made(~salt)
        let identity = FileIdentity(
            device: .max - salt, inode: 1 << 63 | salt, size: length, modified: -Int64(salt), changed: .max)
        return IndexedFile(
            name: try ShareName(name), root: FileRoot(digest: digest, length: length), identity: identity, layer: layer)
    }
}

extension Digest {
    static func made(_ number: UInt64) throws -> Digest {
        let words = [number, ~number, number &* 3, 1]
        return try #require(words.withUnsafeBytes { Digest($0) })
    }
}

extension [IndexedFile] {
    var byName: [IndexedFile] { sorted { $0.name < $1.name } }
}
