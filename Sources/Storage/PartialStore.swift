import Content
import Posix

/// Where partial files live until they are whole: in the file system of the share, so that one rename delivers them.
public struct PartialStore: Sendable {
    private let directory: Directory
    private let share: Share

    /// Takes `partial` below the state directory if that can rename into the share, else a directory of the daemon's
    /// own inside the share. What an earlier run left there is removed: nothing records which of its pieces are good.
    /// - Parameter peer: tells apart the directories of two daemons that share one directory.
    public init(share: Share, state: Directory, peer: PeerID) throws(SystemError) {
        self.share = share
        let isNear = try state.sharesMount(with: share.directory)
        if !isNear { try share.directory.makeDirectory(ShareName.reserved, mode: 0o700) }
        let parent = isNear ? state : try share.directory.openDirectory(ShareName.reserved)
        let name = isNear ? "partial" : "partial-\(peer.hex)"
        try parent.makeDirectory(name, mode: 0o700)
        directory = try parent.openDirectory(name)
        for (entry, kind) in try directory.entries() where kind == .regular {
            // A name that is not UTF-8 is none of the daemon's.
            if let name = String(validating: entry, as: UTF8.self) { try directory.remove(name) }
        }
    }

    /// Makes a partial file and reserves its space.
    /// - Parameter serial: tells apart two downloads of one root.
    public func open(
        _ name: ShareName, _ root: FileRoot, _ layer: [Digest], serial: UInt64
    ) throws(SystemError) -> PartialFile {
        guard let layout = PieceLayout(length: root.length) else {
            throw SystemError("make a partial file for", on: name.path, code: SystemError.fileTooLarge)
        }
        let fileName = "\(root.digest.hex).\(serial)"
        let path = "\(directory.path)/\(fileName)"
        let file = OpenFile(try directory.createFile(fileName), path: path)
        do throws(SystemError) {
            try FileIO.reserve(file.rawValue, length: root.length)
        } catch {
            try? directory.remove(fileName)
            throw SystemError("reserve \(root.length) bytes for \(name) in", on: directory.path, code: error.code)
        }
        return PartialFile(name: name, root: root, layout: layout, layer: layer, fileName: fileName, file: file)
    }

    public func discard(_ partial: PartialFile) throws(SystemError) {
        try directory.remove(partial.fileName)
    }

    /// Gives a whole file its name in the share.
    ///
    /// The order is what makes it crash-proof: the bytes are durable before the name is, and the name before success is
    /// reported.
    /// - Parameters:
    ///   - replacing: take the place of a file that stands there; otherwise that is EEXIST.
    ///   - sync: false leaves both to the kernel's own time, for data that may be lost.
    public func deliver(_ partial: PartialFile, replacing: Bool, sync: Bool) throws(SystemError) -> IndexedFile {
        if sync { try FileIO.sync(partial.file.rawValue) }
        let (parent, last) = try share.makeParent(of: partial.name, sync: sync)
        try directory.rename(partial.fileName, to: parent, as: last, replacing: replacing)
        if sync { try parent.sync() }
        let identity = try FileIO.identity(of: partial.file.rawValue).identity
        return IndexedFile(name: partial.name, root: partial.root, identity: identity, layer: partial.layer)
    }
}
