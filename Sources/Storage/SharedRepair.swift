import Content
import Posix

/// A file of the share of which some bytes rotted: its bad pieces are written anew, in place.
public final class SharedRepair: Sendable {
    public let bad: PieceSet
    private let known: IndexedFile
    /// Of the file's version, in nanoseconds since 1970.
    private let modified: Int64
    private let writer: PieceWriter

    private init(_ known: IndexedFile, bad: PieceSet, modified: Int64, writer: PieceWriter) {
        self.known = known
        self.modified = modified
        self.bad = bad
        self.writer = writer
    }

    /// Opens the file for writing.
    /// - Parameters:
    ///   - known: what it should be, and how it stood when it was found rotten. The rot itself changes no time.
    ///   - bad: the pieces that are not as they should be; no others are written.
    ///   - modified: how old it is to be, in nanoseconds since 1970; nil is as old as it is.
    /// - Returns: nil if another file stands at the name by now, or somebody wrote to it.
    /// - Throws: EACCES, EROFS, ETXTBSY and so on as open(2).
    public static func open(
        _ known: IndexedFile, bad: PieceSet, modified: Int64? = nil, in share: Share
    ) throws(SystemError) -> SharedRepair? {
        guard let layout = PieceLayout(length: known.root.length), known.layer.count == layout.pieceCount else {
            return nil
        }
        let path = "\(share.directory.path)/\(known.name)"
        let file = OpenFile(try share.directory.openForWriting(known.name.path), path: path)
        let (kind, identity) = try FileIO.identity(of: file.rawValue)
        // To the time of its last change: a write may have had its own time set back.
        guard kind == .regular, identity == known.identity else { return nil }
        let writer = PieceWriter(name: known.name, layout: layout, layer: known.layer, file: file)
        return SharedRepair(known, bad: bad, modified: modified ?? identity.modified, writer: writer)
    }

    /// Verifies a piece and writes it, and lets the file be as old as its version again: whoever dies after that leaves a
    /// file that can be told from new work.
    /// - Returns: false if it is not this piece, or not one of the bad ones; then nothing was written.
    public func store(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) throws(SystemError) -> Bool {
        guard bad.contains(index) else { return false }
        guard try writer.store(bytes, index: index, with: bench) else { return false }
        try FileIO.setModified(writer.file.rawValue, modified)
        return true
    }

    /// Writes all the bad pieces as a partial file has them.
    /// - Returns: false if it does not have them all.
    public func store(from partial: PartialFile, with bench: HashBench) throws(SystemError) -> Bool {
        for index in bad.runs.joined() {
            guard let piece = try bench.piece(index, in: partial.readable, partial.layout),
                try store(piece, index: index, with: bench)
            else { return false }
        }
        return true
    }

    /// Makes what was written durable.
    /// - Returns: the file as it stands now, for the index; right only if every bad piece was stored.
    public func finish() throws(SyncError) -> IndexedFile {
        do throws(SystemError) {
            try FileIO.setModified(writer.file.rawValue, modified)
            try FileIO.sync(writer.file.rawValue)
            let identity = try FileIO.identity(of: writer.file.rawValue).identity
            return IndexedFile(name: known.name, root: known.root, identity: identity, layer: known.layer)
        } catch {
            throw SyncError(system: SystemError("sync", on: writer.file.path, code: error.code))
        }
    }
}

extension SharedRepair {
    /// From the first look at the file to one that is whole and durable. Until `open` has seen that nobody wrote to it,
    /// it is not touched.
    /// - Parameters as of `open`.
    /// - Throws: `changed` if somebody wrote to the file, or put another in its place.
    public static func run(
        _ known: IndexedFile, bad: PieceSet, modified: Int64? = nil, from partial: PartialFile, in share: Share,
        with bench: HashBench
    ) throws(DeliveryError) -> IndexedFile {
        let path = "\(share.directory.path)/\(known.name)"
        let opened = try attempt { () throws(SystemError) in try open(known, bad: bad, modified: modified, in: share) }
        guard let repair = opened else { throw .changed(SystemError("repair", on: path, code: SystemError.exists)) }
        guard try attempt({ () throws(SystemError) in try repair.store(from: partial, with: bench) }) else {
            throw .damaged(
                SystemError("repair \(path) from", on: partial.readable.path, code: SystemError.deviceFailure))
        }
        do throws(SyncError) { return try repair.finish() } catch { throw .unsynced(error) }
    }

    private static func attempt<R>(_ body: () throws(SystemError) -> R) throws(DeliveryError) -> R {
        do throws(SystemError) { return try body() } catch { throw .failed(error) }
    }
}
