import Content
import Storage

/// The digests of pieces that the database has, compared with their roots before anybody goes by them. SQLite has no
/// checksums: what a disk has spoiled of them would pass for rot of the file, or for a holder's lie.
struct StoredLayers {
    private let bench = HashBench()

    /// - Returns: without those whose files have to be hashed again.
    func right(_ files: [IndexedFile]) -> [IndexedFile] {
        files.filter { bench.isRight($0.layer, of: $0.root) }
    }

    /// - Returns: with no layer where it is wrong: it comes from a holder again, and what is there is proved by it. Of a
    ///   repair, which has few pieces, nothing is kept then.
    func right(_ records: [DownloadRecord]) -> [DownloadRecord] {
        records.map { record in
            guard let partial = record.partial, !bench.isRight(partial.layer, of: record.root) else { return record }
            var doubted = record
            doubted.partial = if case .repair = record.kind { nil } else { partial.doubted(layer: []) }
            return doubted
        }
    }
}
