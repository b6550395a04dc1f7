import Content
import Posix
import Synchronization

/// Manifests kept as files below the state directory, each under its root: to be served like any file, and not to be
/// fetched again after a restart. They can be made or fetched again, so old ones are removed.
public final class ManifestStore: Sendable {
    private let path: String
    /// Held while one is written: directories of the same content have the same manifest, which two workers may make at once.
    private let writing = Mutex(())
    private let unstored = UnstoredManifests()

    /// A manifest in its file.
    public struct Kept: Sendable {
        public let root: FileRoot
        /// A digest a piece.
        public let layer: [Digest]
    }

    /// How many stay, beside those that are needed.
    private let manifestsMax: Int

    /// - Parameter statePath: of the state directory.
    public convenience init(statePath: String) {
        self.init(statePath: statePath, manifestsMax: StorageLimits.manifestsMax)
    }

    init(statePath: String, manifestsMax: Int) {
        path = "\(statePath)/manifests"
        self.manifestsMax = manifestsMax
    }

    /// Writes a manifest to its file and removes old ones. While the disk is full, it is kept in memory.
    /// - Parameter needed: roots of manifests that stay.
    public func keep(
        _ manifest: Manifest, needed: Set<Digest>, with bench: HashBench
    ) throws(SystemError) -> Kept {
        let kept = try ManifestStore.identify(manifest.bytes, with: bench)
        let digest = kept.root.digest
        return try writing.withLock { _ throws(SystemError) in
            // What an earlier run left may be damaged; what is right needs no room on a disk that may be full.
            if try read(kept.root, with: bench) != nil { return kept }
            do throws(SystemError) {
                try store(manifest, as: digest, needed: needed)
            } catch {
                guard error.isOutOfSpace, try unstored.keep(manifest.bytes, as: digest, needed: needed) else {
                    throw error
                }
            }
            return kept
        }
    }

    private func store(_ manifest: Manifest, as digest: Digest, needed: Set<Digest>) throws(SystemError) {
        let directory = try Directory.create(path)
        let fresh = "new-\(digest.hex)"
        let file = try directory.createFile(fresh, mode: 0o600)
        do throws(SystemError) {
            try FileIO.setLength(file.rawValue, 0)
            try FileIO.write(file.rawValue, manifest.bytes)
            try directory.rename(fresh, to: directory, as: digest.hex, replacing: true)
        } catch {
            // What was begun takes room that somebody else may need.
            try? directory.remove(fresh)
            throw error
        }
        removeOld(in: directory, needed: needed.union([digest]))
    }

    private static func identify(_ bytes: [UInt8], with bench: HashBench) throws(SystemError) -> Kept {
        guard let layout = PieceLayout(length: UInt64(bytes.count)) else {
            throw SystemError("keep", on: "a manifest", code: SystemError.fileTooLarge)
        }
        let layer = bytes.withUnsafeBytes { all in
            (0..<layout.pieceCount).map { index in
                let start = Int(layout.offset(of: index))
                let piece = UnsafeRawBufferPointer(rebasing: all[start..<start + layout.size(of: index)])
                return bench.digest(of: piece, index: index, layout)
            }
        }
        return Kept(root: FileRoot(digest: bench.root(of: layer, layout), length: layout.length), layer: layer)
    }

    /// - Returns: nil if it is not here, or is not what it should be.
    public func read(_ root: FileRoot, with bench: HashBench) throws(SystemError) -> [UInt8]? {
        guard root.length <= ManifestLimits.bytesMax else { return nil }
        do throws(SystemError) {
            return try ManifestStore.read(try file(root.digest), root, with: bench)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Reads a file that should be a manifest of this root.
    /// - Returns: nil if it is none.
    public static func read(
        _ file: OpenFile, _ root: FileRoot, with bench: HashBench
    ) throws(SystemError) -> [UInt8]? {
        guard root.length <= ManifestLimits.bytesMax,
            try FileIO.identity(of: file.rawValue).identity.size == root.length
        else { return nil }
        let bytes = try FileIO.bytes(of: file.rawValue, limit: Int(root.length))
        return try identify(bytes, with: bench).root == root ? bytes : nil
    }

    /// Opens a manifest to serve it.
    public func open(_ digest: Digest) throws(SystemError) -> (file: OpenFile, identity: FileIdentity) {
        let file = try file(digest)
        return (file, try FileIO.identity(of: file.rawValue).identity)
    }

    private func file(_ digest: Digest) throws(SystemError) -> OpenFile {
        if let file = unstored.file(digest) { return file }
        return OpenFile(try Directory(path: path).openFile(digest.hex), path: "\(path)/\(digest.hex)")
    }

    // MARK: Old ones

    /// The oldest go first. What cannot be looked at or removed now is so when the next one is kept.
    private func removeOld(in directory: Directory, needed: Set<Digest>) {
        var count = 0
        var bytes: UInt64 = 0
        for (name, identity) in ManifestStore.newestFirst(in: directory) {
            count += 1
            bytes += identity.size
            let isNeeded = Digest(hex: name).map { needed.contains($0) } ?? false
            let isOver = count > manifestsMax || bytes > StorageLimits.manifestBytesMax
            if isOver, !isNeeded { try? directory.remove(name) }
        }
    }

    private static func newestFirst(in directory: Directory) -> [(name: String, identity: FileIdentity)] {
        let names = ((try? directory.entries()) ?? []).compactMap { String(validating: $0.name, as: UTF8.self) }
        return names.compactMap { name in
            guard let standing = try? directory.standing(ofEntry: name), standing.kind == .regular else { return nil }
            return (name, standing.identity)
        }.sorted { $0.1.modified > $1.1.modified }
    }
}
