import Content
import Posix

/// A file on its way into the share. Pieces are verified before they are written, in any order.
public final class PartialFile: Sendable {
    /// The seal: the time of modification of a partial file, at first 2001-01-01 00:00:00.123456789 UTC, in nanoseconds
    /// since 1970. It is set again after every write of our own, so whoever else writes to the file breaks it, and the
    /// next daemon sees that without reading a byte. Should this one die between a write and the seal, the next has
    /// pieces to verify, no more. A file system that keeps times less finely never shows the seal, with the same result.
    static let firstSeal: Int64 = 978_307_200_123_456_789

    public let name: ShareName
    public let root: FileRoot
    /// Among the partial files.
    public let fileName: String
    let file: OpenFile
    private let writer: PieceWriter
    private let identity: FileIdentity
    private let writing = WritingTurn()
    private let bootID: String
    /// A file whose pieces were in doubt goes on with another one, which no earlier record fits.
    private let seal: Int64

    public var layout: PieceLayout { writer.layout }
    public var layer: [Digest] { writer.layer }

    /// - Parameter bootID: empty where the kernel does not tell.
    init(
        name: ShareName, root: FileRoot, layout: PieceLayout, layer: [Digest], fileName: String, file: OpenFile,
        bootID: String, seal: Int64 = firstSeal
    ) throws(SystemError) {
        self.name = name
        self.root = root
        self.fileName = fileName
        self.file = file
        self.bootID = bootID
        self.seal = seal
        writer = PieceWriter(name: name, layout: layout, layer: layer, file: file)
        identity = try FileIO.identity(of: file.rawValue).identity
    }

    /// To serve the pieces from that are stored. Its time of modification says nothing about them.
    public var readable: OpenFile { file }

    /// What the next daemon needs to go on with this file.
    /// - Parameter pieces: that are stored, and synced unless the download goes without.
    public func record(_ pieces: PieceSet) -> PartialRecord {
        PartialRecord(
            fileName: fileName, device: identity.device, inode: identity.inode, bootID: bootID, seal: seal,
            layer: layer, pieces: pieces)
    }

    /// Verifies a piece and writes it.
    /// - Returns: false if it is not this piece, by its length or its digest; then nothing was written.
    public func store(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) throws(SystemError) -> Bool {
        guard writer.isRight(bytes, index: index, with: bench) else { return false }
        try writing.withLock { () throws(SystemError) in
            try writer.write(bytes, index: index)
            setSeal()
        }
        return true
    }

    /// Makes all pieces durable that were stored before, and the seal with them.
    public func sync() throws(SyncError) {
        do throws(SystemError) { try FileIO.sync(file.rawValue) } catch {
            throw SyncError(system: SystemError("sync", on: file.path, code: error.code))
        }
    }

    /// Without the seal there are pieces to verify after a restart, which is no reason to fail now.
    func setSeal() {
        try? FileIO.setModified(file.rawValue, seal)
    }
}
