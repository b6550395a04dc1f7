import Content
import Foundation
import Posix
import Storage

/// A state directory whose database was damaged: it opens all the same, with what could be read, or as a new one beside
/// the one that was set aside.
final class DatabaseTarget {
    private let scratch: Scratch
    /// A sound database with a row in every table.
    private let sound: Data
    private let state: Directory

    init() throws {
        scratch = try Scratch()
        state = try Directory.create("\(scratch.path)/state")
        do {
            let database = try StateDatabase.open(in: state).database
            try DatabaseTarget.fill(database)
        }
        // Its last user has let go of it, so that all is in the one file.
        sound = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/state/\(StateDatabase.fileName)"))
    }

    private static func fill(_ database: StateDatabase) throws {
        let digest = try require(Digest(bytes: [UInt8](repeating: 7, count: 32)), "no digest")
        let root = FileRoot(digest: digest, length: 3 << 20)
        let layer = [Digest](repeating: digest, count: 3)
        let identity = FileIdentity(device: 1, inode: 2, size: root.length, modified: 3, changed: 4)
        try database.apply([.put(IndexedFile(name: try ShareName("d/b"), root: root, identity: identity, layer: layer))]
        )
        try database.put(
            DownloadRecord(
                id: 1, kind: .file, name: try ShareName("a"), root: root, modified: 5, replacing: false,
                keepBackup: true, sync: true, priority: 0, order: 1, state: .running,
                partial: PartialRecord(
                    fileName: "\(digest.hex).1", device: 1, inode: 2, bootID: "boot", seal: 6, layer: layer,
                    pieces: PieceSet(pieceCount: 3)), added: 7))
        try database.put(BanRecord(peer: PeerID(high: 1, low: 1), address: "", reason: "", until: .max))
        try database.setText("value", for: "key")
    }

    /// Each group of four bytes changes one byte of the file: three say which, the last how. The first byte cuts it off.
    func run(_ input: [UInt8]) throws {
        var choices = Choices(input)
        var bytes = sound
        let cut = Int(choices.byte())
        if cut > 0 { bytes.removeLast(bytes.count * cut / 256) }
        while !choices.isEmpty, !bytes.isEmpty {
            let place = Int(choices.byte()) << 16 | Int(choices.integer(UInt16.self))
            bytes[place % bytes.count] ^= choices.byte()
        }
        try bytes.write(to: URL(fileURLWithPath: "\(state.path)/\(StateDatabase.fileName)"))
        defer { clear() }
        let (database, setAside) = try StateDatabase.open(in: state)
        if bytes == sound { try require(setAside == nil, "a sound database is set aside") }
        do throws(StateDatabaseError) {
            _ = try database.files()
            _ = try database.downloads()
            _ = try database.bans(now: 1)
            _ = try database.texts()
            try database.setText("other", for: "key")
        } catch {
            // Damage that shows only in use: the next start sets it aside.
            try require(error.cause == .corrupt, "\(error)")
        }
    }

    private func clear() {
        for (name, _) in (try? state.entries()) ?? [] { try? state.remove(String(decoding: name, as: UTF8.self)) }
    }
}
