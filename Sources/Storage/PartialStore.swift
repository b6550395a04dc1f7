import Content
import Posix

/// Where partial files live until they are whole: in the file system of the share, so that one rename delivers them.
public struct PartialStore: Sendable {
    let directory: Directory
    /// Where it lies, and what it is called there.
    public let place: (parent: Directory, name: String)
    let share: Share
    /// How the files of trees stood when they were staged, by their names here.
    let staging = WritingTurn<[String: FileIdentity]>([:])
    private let reservations = WritingTurn<Void>(())
    /// One at a time looks at what its file is to replace, and replaces it: what another has just put there is no longer
    /// what was to be kept.
    let replacements = WritingTurn<Void>(())
    /// What of the free space is spoken for.
    public let promises = RoomPromises()
    private let bootID: String

    /// Takes `partial` below the state directory if that can rename into the share, else a directory of the daemon's
    /// own inside the share.
    /// - Parameters:
    ///   - peer: tells apart the directories of two daemons that share one directory.
    ///   - bootID: of the kernel's present run; empty where it does not tell.
    public init(
        share: Share, state: Directory, peer: PeerID, bootID: String = Boot.id() ?? ""
    ) throws(SystemError) {
        self.share = share
        self.bootID = bootID
        let isNear = try state.sharesMount(with: share.directory)
        if !isNear { try share.directory.makeDirectory(ShareName.reserved, mode: 0o700) }
        let parent = isNear ? state : try share.directory.openDirectory(ShareName.reserved)
        let name = isNear ? "partial" : "partial-\(peer.hex)"
        try parent.makeDirectory(name, mode: 0o700)
        directory = try parent.openDirectory(name)
        place = (parent, name)
    }

    public var path: String { directory.path }

    /// False when somebody has removed the directory or put another in its place.
    public var isAtItsPath: Bool { directory.isAtItsPath }

    /// Makes a partial file and reserves its space.
    /// - Parameters:
    ///   - serial: of the download: tells apart two downloads of one root, also of different runs.
    ///   - wanted: pieces that will be written, if not all; the others take no space.
    public func open(
        _ name: ShareName, _ root: FileRoot, _ layer: [Digest], serial: UInt64, wanted: PieceSet? = nil
    ) throws(SystemError) -> PartialFile {
        guard let layout = PieceLayout(length: root.length) else {
            throw SystemError("make a partial file for", on: name.path, code: SystemError.fileTooLarge)
        }
        let fileName = try freeName(root, serial)
        let path = "\(directory.path)/\(fileName)"
        let file = OpenFile(try directory.createFile(fileName), path: path)
        do throws(SystemError) {
            // A daemon that died before it recorded the file may have left it.
            try FileIO.setLength(file.rawValue, 0)
            try FileIO.setLength(file.rawValue, root.length)
            for pieces in wanted?.runs ?? [0..<layout.pieceCount] {
                try FileIO.reserve(file.rawValue, layout.span(of: pieces))
            }
        } catch {
            try? directory.remove(fileName)
            throw SystemError(
                "reserve \(wanted.map(layout.bytes) ?? root.length) bytes for \(name) in", on: directory.path,
                code: error.code)
        }
        let partial = try PartialFile(
            name: name, root: root, layout: layout, layer: layer, fileName: fileName, file: file,
            in: directory, bootID: bootID)
        partial.setSeal()
        return partial
    }

    /// Looks whether a file could be given its name, so that nobody fetches one in vain. What stands at the name, or in the
    /// place of one of its directories, is another's question.
    public func checkTakes(_ name: ShareName) throws(SystemError) {
        var target = share.directory
        for component in name.components.dropLast() {
            guard let child = try? target.openDirectory(component) else { break }
            target = child
        }
        try target.checkTakesNames()
        // rename(2) does not lead into another mount.
        guard try directory.sharesMount(with: target) else {
            throw SystemError("put a file from \(directory.path) into", on: target.path, code: SystemError.otherMount)
        }
    }

    /// A name where nothing stands, or a file that an earlier run left. What else stands in the way, as a link or directory
    /// that somebody put there, is passed over: it is neither opened nor removed.
    private func freeName(_ root: FileRoot, _ serial: UInt64) throws(SystemError) -> String {
        let first = "\(root.digest.hex).\(serial)"
        if try isFree(first) { return first }
        for attempt in 1...StorageLimits.partialNamesMax {
            // No download has so high a number, and files of trees have the highest bit.
            let name = "\(root.digest.hex).\(1 << 62 | attempt << 48 | serial)"
            if try isFree(name) { return name }
        }
        throw SystemError("make a file in place of", on: "\(directory.path)/\(first)", code: SystemError.exists)
    }

    private func isFree(_ name: String) throws(SystemError) -> Bool {
        switch try directory.kind(of: name) {
        case nil, .regular?: true
        case .directory?, .other?: false
        }
    }

    /// Looks for room and takes it, one at a time: of two files that fit alone but not together, one has to get its space,
    /// and the other's owner to hear what is missing beside that.
    public func reserving<R: Sendable>(_ body: () -> R) -> R { reservations.withLock { _ in body() } }

    public func discard(_ partial: PartialFile) throws(SystemError) {
        try discard(named: partial.fileName)
    }

    /// - Parameter fileName: as a record has it.
    public func discard(named fileName: String) throws(SystemError) {
        guard PartialStore.isOurs(fileName) else { return }
        try directory.remove(fileName)
    }

    /// What the file system of the partial files has room for.
    public func freeSpace() throws(SystemError) -> FreeSpace { try directory.freeSpace() }

    /// Removes the partial files that no download needs; whatever else lies there stays.
    /// - Parameter kept: names of partial files, as records have them.
    /// - Returns: what could not be removed, for the log.
    public func removeAll(except kept: Set<String>) throws(SystemError) -> [SystemError] {
        var failures: [SystemError] = []
        for (entry, kind) in try directory.entries() where kind == .regular {
            let name = String(decoding: entry, as: UTF8.self)
            guard PartialStore.isOurs(name), !kept.contains(name) else { continue }
            do throws(SystemError) { try directory.remove(name) } catch { failures.append(error) }
        }
        return failures
    }

    /// Whether a name is one that `open` gives: 64 hexadecimal digits, a dot, a number.
    static func isOurs(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return Digest(hex: String(decoding: parts[0], as: UTF8.self)) != nil
            && UInt64(String(decoding: parts[1], as: UTF8.self)) != nil
    }
}

extension PartialStore {
    /// What an earlier daemon's partial file has come to.
    public enum Reopened: Sendable {
        /// There is none. It may have been delivered just before the daemon died: see what stands at the name.
        case missing
        /// Nobody else wrote to it: the recorded pieces are good.
        case ready(PartialFile)
        /// Somebody may have: the recorded pieces are to be verified before any is offered, and the file, which has
        /// another seal now, is to be recorded anew.
        case doubtful(PartialVerification)
    }

    /// Goes on with the partial file of an earlier daemon.
    /// - Parameters:
    ///   - name: what it is to be called in the share.
    ///   - synced: whether pieces were synced before they were recorded. If not, they are in doubt after a reboot.
    public func reopen(
        _ record: PartialRecord, as name: ShareName, _ root: FileRoot, synced: Bool
    ) throws(SystemError) -> Reopened {
        guard PartialStore.isOurs(record.fileName), let layout = PieceLayout(length: root.length),
            record.layer.count == layout.pieceCount, record.pieces.pieceCount == layout.pieceCount,
            try directory.kind(of: record.fileName) == .regular
        else { return .missing }
        let path = "\(directory.path)/\(record.fileName)"
        let file = OpenFile(try reopen(record.fileName), path: path)
        let identity = try FileIO.identity(of: file.rawValue).identity
        let isSealed = isSealed(identity, record, root, synced: synced)
        let isBelieved = isSealed || record.pieces.isEmpty
        if identity.size != root.length { try PartialFile.setLength(root.length, of: file) }
        let partial = try PartialFile(
            name: name, root: root, layout: layout, layer: record.layer, fileName: record.fileName, file: file,
            in: directory, bootID: bootID, seal: isBelieved ? record.seal : record.seal &+ 1,
            stamp: isSealed ? identity : nil)
        return isBelieved ? .ready(partial) : .doubtful(PartialVerification(of: partial, record.pieces))
    }

    /// A daemon that died while it delivered the file may have given it a mode that lets nobody write to it.
    private func reopen(_ fileName: String) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) { return try directory.openForWriting(fileName) } catch {
            guard error.isNotPermitted else { throw error }
            let file = try directory.openFile(fileName)
            try FileIO.setMode(file.rawValue, 0o600)
            return try directory.openForWriting(fileName)
        }
    }

    private func isSealed(
        _ identity: FileIdentity, _ record: PartialRecord, _ root: FileRoot, synced: Bool
    ) -> Bool {
        let isSameBoot = !bootID.isEmpty && record.bootID == bootID
        // Some file systems have another device number after each boot.
        let isSameFile = record.inode == identity.inode && (record.device == identity.device || !isSameBoot)
        return isSameFile && identity.size == root.length && identity.modified == record.seal && (synced || isSameBoot)
    }
}
