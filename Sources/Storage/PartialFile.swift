import Content
import Posix
import Synchronization

/// A file on its way into the share. Pieces are verified before they are written, in any order.
///
/// Invariant: what anybody else writes to it is noticed, unless it falls into the moment of a write of our own: how the
/// file stood after the last of these is kept, and compared before the next, after each sync, when somebody is served
/// from it, and before it is delivered.
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
    let writer: PieceWriter
    private let directory: Directory
    private let writing: WritingTurn<Watched>
    private let bootID: String
    /// A file whose pieces were in doubt goes on with another one, which no earlier record fits.
    private let seal: Atomic<Int64>
    private let touched = Atomic(false)
    /// The seal as the file system shows it.
    private let shown: Atomic<Int64>

    /// What tells our own writes from others'.
    private struct Watched {
        /// How the file stood after the last write of our own.
        var stamp: FileIdentity
        /// How often somebody else was found to have written to it.
        var touches = 0
        /// How often nothing of it was wrong then.
        var falseAlarms = 0
    }

    /// After so many the time of a change counts no more: there may be file systems that set it when they write back, and
    /// on these a download would be looked through after each sync, for ever.
    private static let falseAlarmsMax = 3

    public var layout: PieceLayout { writer.layout }
    public var layer: [Digest] { writer.layer }

    /// - Parameters:
    ///   - directory: of the partial files.
    ///   - bootID: empty where the kernel does not tell.
    ///   - stamp: how the file stood when it was known to be as it should; nil: as it does now.
    init(
        name: ShareName, root: FileRoot, layout: PieceLayout, layer: [Digest], fileName: String, file: OpenFile,
        in directory: Directory, bootID: String, seal: Int64 = firstSeal, stamp: FileIdentity? = nil
    ) throws(SystemError) {
        self.name = name
        self.root = root
        self.fileName = fileName
        self.file = file
        self.directory = directory
        self.bootID = bootID
        self.seal = Atomic(seal)
        writer = PieceWriter(name: name, layout: layout, layer: layer, file: file)
        let standing = if let stamp { stamp } else { try FileIO.identity(of: file.rawValue).identity }
        writing = WritingTurn(Watched(stamp: standing))
        identity = standing
        shown = Atomic(standing.modified)
    }

    private let identity: FileIdentity

    /// To serve the pieces from that are stored. Its time of modification says nothing about them.
    public var readable: OpenFile { file }

    /// The file's time of modification, in nanoseconds since 1970, whenever nobody else has written to it and this daemon is
    /// not at it.
    public var shownSeal: Int64 { shown.load(ordering: .relaxed) }

    /// What the next daemon needs to go on with this file.
    /// - Parameter pieces: that are stored, and synced unless the download goes without.
    public func record(_ pieces: PieceSet) -> PartialRecord {
        PartialRecord(
            fileName: fileName, device: identity.device, inode: identity.inode, bootID: bootID,
            seal: seal.load(ordering: .relaxed), layer: layer, pieces: pieces)
    }

    /// Verifies a piece and writes it.
    /// - Returns: false if it is not this piece, by its length or its digest; then nothing was written.
    public func store(_ bytes: UnsafeRawBufferPointer, index: Int, with bench: HashBench) throws(SystemError) -> Bool {
        guard writer.isRight(bytes, index: index, with: bench) else { return false }
        try writing.withLock { watched throws(SystemError) in
            try look(&watched)
            defer { setSeal(&watched) }
            try writer.write(bytes, index: index)
        }
        return true
    }

    /// Makes all pieces durable that were stored before, and the seal with them.
    public func sync() throws(SyncError) {
        do throws(SystemError) {
            try FileIO.sync(file.rawValue)
            try writing.withLock { watched throws(SystemError) in try look(&watched) }
        } catch {
            throw SyncError(system: SystemError("sync", on: file.path, code: error.code))
        }
    }

    /// It goes on being a partial file.
    func setSeal() {
        writing.withLock { watched in
            try? look(&watched)
            setSeal(&watched)
        }
    }

    /// Without the seal there are pieces to verify after a restart, which is no reason to fail now.
    private func setSeal(_ watched: inout Watched) {
        try? FileIO.setModified(file.rawValue, seal.load(ordering: .relaxed))
        guard let standing = try? FileIO.identity(of: file.rawValue).identity else { return }
        watched.stamp = standing
        shown.store(standing.modified, ordering: .relaxed)
    }
}

// MARK: Others

extension PartialFile {
    /// How the file is found.
    public enum Standing: Hashable, Sendable {
        case untouched
        /// Somebody else wrote to it.
        case touched
        /// Another file stands at its path, or none.
        case displaced
    }

    /// Somebody else wrote to it, and nobody has looked through it since.
    public var isTouched: Bool { touched.load(ordering: .acquiring) }

    /// Looks at the file and at its path.
    public func check() throws(SystemError) -> Standing {
        try writing.withLock { watched throws(SystemError) in try look(&watched) }
        guard try isAtItsPath else { return .displaced }
        return isTouched ? .touched : .untouched
    }

    /// Whether it still holds what was stored, as far as can be told without waiting for somebody who writes: who does so
    /// looks for himself. A new mode or another name does not count.
    public var isServable: Bool {
        let isSame = writing.withLockIfAvailable { watched in
            (try? FileIO.identity(of: file.rawValue).identity)?.hasSameBytes(as: watched.stamp) == true
        }
        return !isTouched && isSame != false
    }

    private var isAtItsPath: Bool {
        get throws(SystemError) {
            guard let found = try directory.standing(ofEntry: fileName) else { return false }
            return found.identity.inode == identity.inode && found.identity.device == identity.device
        }
    }

    /// A file that was touched gets the next seal: whatever is recorded of it fits it no more.
    private func look(_ watched: inout Watched) throws(SystemError) {
        let standing = try FileIO.identity(of: file.rawValue).identity
        guard standing != watched.stamp else { return }
        if watched.falseAlarms >= PartialFile.falseAlarmsMax, standing.hasSameBytes(as: watched.stamp) {
            watched.stamp = standing
            return
        }
        watched.touches += 1
        touched.store(true, ordering: .releasing)
        seal.wrappingAdd(1, ordering: .relaxed)
        setSeal(&watched)
    }

    /// Gives the file its length and its seal again, before all of it is looked through.
    /// - Returns: for `endProof`; nil if it is displaced.
    func beginProof() throws(SystemError) -> Int? {
        let touches = try writing.withLock { watched throws(SystemError) in
            try look(&watched)
            if watched.stamp.size != root.length { try PartialFile.setLength(root.length, of: file) }
            setSeal(&watched)
            return watched.touches
        }
        return try isAtItsPath ? touches : nil
    }

    /// What was read is what is there, if nobody has written to the file meanwhile.
    /// - Parameter isWhole: nothing of it was wrong.
    func endProof(_ touches: Int, isWhole: Bool) throws(SystemError) -> Standing {
        guard try isAtItsPath else { return .displaced }
        return try writing.withLock { watched throws(SystemError) in
            try look(&watched)
            guard watched.touches == touches else { return .touched }
            if isWhole, isTouched { watched.falseAlarms += 1 }
            touched.store(false, ordering: .releasing)
            return .untouched
        }
    }

    /// Gives the file its length, and reserves its space.
    static func setLength(_ length: UInt64, of file: OpenFile) throws(SystemError) {
        try FileIO.setLength(file.rawValue, length)
        try FileIO.reserve(file.rawValue, 0..<length)
    }

    /// Gives an untouched file the time and the mode that it is to have in the share.
    func dress(modified: Int64, mode: FileMode?) throws(SystemError) {
        try writing.withLock { watched throws(SystemError) in
            try look(&watched)
            if isTouched { return }
            try FileIO.setModified(file.rawValue, modified)
            if let mode { try FileIO.setMode(file.rawValue, mode.forFile.bits) }
            watched.stamp = try FileIO.identity(of: file.rawValue).identity
        }
    }

    /// How it stands in the share: as it did when it was last seen to be right, but for its name.
    func delivered() throws(SystemError) -> FileIdentity {
        try writing.withLock { watched throws(SystemError) in
            let standing = try FileIO.identity(of: file.rawValue).identity
            if standing.hasSameBytes(as: watched.stamp) { watched.stamp = standing }
            return watched.stamp
        }
    }
}
