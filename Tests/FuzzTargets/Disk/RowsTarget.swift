import Content
import Foundation
import GRDB
import Posix
import Storage

/// Rows that no release of p2pd wrote, in a sound database: what is read of them makes sense, or they are left out.
final class RowsTarget {
    private let scratch: Scratch
    private let database: StateDatabase
    /// Another program's connection, which writes what it likes.
    private let writer: DatabaseQueue
    private let partials: PartialStore
    private let layers: [[UInt8]] = [[], [UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 96)]

    init() throws {
        scratch = try Scratch()
        let state = try Directory.create("\(scratch.path)/state")
        let share = Share(try Directory.create("\(scratch.path)/share"))
        database = try StateDatabase.open(in: state).database
        partials = try PartialStore(share: share, state: state, peer: PeerID(high: 1, low: 1))
        writer = try DatabaseQueue(path: database.path)
        try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    }

    func run(_ input: [UInt8]) throws {
        var choices = Choices(input)
        try writer.write { database in
            for table in ["files", "downloads", "partials", "pieces", "repairs", "bans", "meta"] {
                try database.execute(sql: "DELETE FROM \(table)")
            }
            for _ in 0..<8 where !choices.isEmpty {
                // A row that the schema itself refuses is none.
                try? insert(&choices, database)
            }
        }
        try checkFiles()
        try checkDownloads()
        _ = try database.bans(now: 1)
        _ = try database.texts()
    }

    // MARK: Rows

    private func insert(_ choices: inout Choices, _ database: Database) throws {
        let id = Int64(choices.below(4))
        switch choices.below(6) {
        case 0:
            let (length, layer) = size(&choices)
            try database.execute(
                sql: "INSERT OR REPLACE INTO downloads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    id, choices.flag() ? 2 : number(&choices), name(&choices), layer, length, number(&choices),
                    number(&choices),
                    number(&choices), number(&choices), number(&choices), number(&choices), number(&choices), "",
                    number(&choices), "", number(&choices), number(&choices),
                ])
        case 1:
            try database.execute(
                sql: "INSERT OR REPLACE INTO partials VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    id, fileName(&choices), number(&choices), number(&choices), "boot", number(&choices),
                    size(&choices).layer,
                ])
        case 2:
            try database.execute(
                sql: "INSERT OR REPLACE INTO pieces VALUES (?, ?)",
                arguments: [id, Data(choices.take(choices.below(8)))])
        case 3:
            let (length, layer) = size(&choices)
            try database.execute(
                sql: "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    name(&choices), length, number(&choices), number(&choices), number(&choices), number(&choices),
                    choices.flag() ? layer : Data(repeating: 3, count: 32), choices.flag() ? nil : layer,
                ])
        case 4:
            try database.execute(
                sql: "INSERT OR REPLACE INTO repairs VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    id, Data(choices.take(choices.below(4))), number(&choices), number(&choices), number(&choices),
                ])
        default:
            try database.execute(
                sql: "INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?)",
                arguments: [Data(choices.take(choices.below(18))), "", "", number(&choices)])
        }
    }

    private func number(_ choices: inout Choices) -> Int64 {
        switch choices.below(5) {
        case 0: 0
        case 1: 1
        case 2: .min
        case 3: .max
        default: choices.integer()
        }
    }

    /// A length, and digests that mostly fit it.
    private func size(_ choices: inout Choices) -> (length: Int64, layer: Data) {
        let count = choices.below(4)
        guard count < layers.count else { return (number(&choices), Data(choices.take(choices.below(70)))) }
        return (Int64(count) << 20 + Int64(count), Data(layers[count]))
    }

    private func name(_ choices: inout Choices) -> String {
        switch choices.below(3) {
        case 0: "a"
        case 1: "d/b"
        default: String(decoding: choices.take(choices.below(20)), as: UTF8.self)
        }
    }

    private func fileName(_ choices: inout Choices) -> String {
        switch choices.below(3) {
        case 0: String(repeating: "0", count: 64) + ".1"
        case 1: "../p2pd.sqlite"
        default: String(decoding: choices.take(choices.below(80)), as: UTF8.self)
        }
    }

    // MARK: What is read

    private func checkFiles() throws {
        for file in try database.files() {
            let layout = try require(PieceLayout(length: file.root.length), "\(file.name) is too long")
            try require(file.layer.count == layout.pieceCount, "\(file.name) has \(file.layer.count) digests")
            try require(file.root.length == file.identity.size, "\(file.name) has two lengths")
            try database.apply([.put(file)])
        }
    }

    /// Whatever is said of its writing, somebody's file is compared with it.
    private func check(_ mending: Mending?, _ record: DownloadRecord, _ bad: PieceSet) throws {
        guard let mending, let partial = record.partial else { return }
        let mended = MendedFile(root: record.root, layer: partial.layer, bad: bad, mending: mending)
        for file in try database.files() where mended.left(file) {
            try require(file.root.length == record.root.length, "\(file.name) is taken for \(record.name)")
        }
    }

    private func checkDownloads() throws {
        for record in try database.downloads().records {
            let layout = try require(PieceLayout(length: record.root.length), "\(record.name) is too long")
            try database.put(record)
            if case .repair(let bad, let mending) = record.kind {
                try require(bad.pieceCount == layout.pieceCount && !bad.isEmpty, "\(record.name) has other bad pieces")
                try check(mending, record, bad)
            }
            guard let partial = record.partial else { continue }
            try require(partial.layer.count == layout.pieceCount, "\(record.name) has \(partial.layer.count) digests")
            try require(partial.pieces.pieceCount == layout.pieceCount, "\(record.name) has other pieces")
            switch try partials.reopen(partial, as: record.name, record.root, synced: record.sync) {
            case .missing, .ready, .doubtful: break
            }
            try partials.discard(named: partial.fileName)
        }
        try require(try partials.removeAll(except: []).isEmpty, "a partial file cannot be removed")
    }
}
