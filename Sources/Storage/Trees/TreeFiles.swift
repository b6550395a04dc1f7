import Content
import Posix

/// The small files of a tree on their way into the share: many of them in one job, each verified before a byte of it is
/// written.
///
/// First they are staged, as partial files of their own; then published, many together: one sync of the file system
/// makes all of them durable, where a sync of each would take a disk's turn a file. What was staged when a daemon died
/// is removed with the other partial files at the next start, and fetched again.
public struct TreeFiles: Sendable {
    public let manifest: Manifest
    private let partials: PartialStore
    private let terms: Terms
    /// Tells apart the staged files of two trees.
    private let serial: UInt64

    /// How files are put into the share.
    public struct Terms: Hashable, Sendable {
        public let replacing: Bool
        public let keepingBackup: Bool
        public let sync: Bool
        /// When the tree's last file was written at its holders, in seconds since 1970: a manifest has no times, so all
        /// get this.
        public let modified: Int64

        public init(replacing: Bool, keepingBackup: Bool, sync: Bool, modified: Int64) {
            self.replacing = replacing
            self.keepingBackup = keepingBackup
            self.sync = sync
            self.modified = modified
        }
    }

    /// What became of a file that came.
    public enum Staging: Hashable, Sendable {
        /// Written: it can be published.
        case stored
        /// It is what was asked for, and another holder's copy of it is staged already.
        case superfluous
        /// It is not this file.
        case wrong
    }

    /// A file that is in the share now.
    public struct Published: Sendable {
        public let file: IndexedFile
        /// What the file is called now whose place it took, if that was kept.
        public let backup: ShareName?
        /// It was there before, put there by somebody else as far as is known.
        public let isFound: Bool

        /// What is to be removed if the tree is given up; what took another file's place is not.
        public var remain: TreeRemain? {
            isFound || backup != nil ? nil : TreeRemain(.file, file.name, file.identity)
        }
    }

    public struct Outcome: Sendable {
        /// In the manifest.
        public let index: Int
        public let result: Result<Published, SystemError>
    }

    /// - Parameter serial: below 2^43, and never used again.
    public init(_ manifest: Manifest, partials: PartialStore, terms: Terms, serial: UInt64) {
        self.manifest = manifest
        self.partials = partials
        self.terms = terms
        self.serial = serial
    }

    // MARK: Staging

    /// A file that came.
    public struct Arrival {
        /// In the manifest.
        public let index: Int
        /// All of it.
        public let bytes: UnsafeRawBufferPointer

        public init(index: Int, bytes: UnsafeRawBufferPointer) {
            self.index = index
            self.bytes = bytes
        }
    }

    /// Verifies files and writes those that are right.
    /// - Returns: what became of each.
    public func stage(_ files: [Arrival], with bench: HashBench) -> [Result<Staging, SystemError>] {
        let areRight = verify(files, with: bench)
        return partials.staging.withLock { staged in
            zip(files, areRight).map { file, isRight in
                guard isRight else { return .success(.wrong) }
                do throws(SystemError) { return .success(try write(file, &staged)) } catch { return .failure(error) }
            }
        }
    }

    /// Files of one leaf are hashed together.
    private func verify(_ files: [Arrival], with bench: HashBench) -> [Bool] {
        let roots = files.map { manifest.root(at: $0.index) }
        let isSmall = zip(files, roots).map { file, root in
            1...PieceLayout.leafSize ~= file.bytes.count && root?.length == UInt64(file.bytes.count)
        }
        var digests = bench.roots(ofSmall: zip(files, isSmall).filter(\.1).map(\.0.bytes))[...]
        return files.indices.map { position in
            if isSmall[position] { return digests.popFirst() == roots[position]?.digest }
            let bytes = files[position].bytes
            guard let root = roots[position], let layout = PieceLayout(length: root.length), layout.pieceCount == 1,
                UInt64(bytes.count) == root.length
            else { return false }
            return bench.digest(of: bytes, index: 0, layout) == root.digest
        }
    }

    private func write(_ file: Arrival, _ staged: inout [String: FileIdentity]) throws(SystemError) -> Staging {
        guard case .file(let root, let mode) = manifest.kind(at: file.index) else { return .wrong }
        return try write(file.bytes, stagedName(file.index, root), mode, &staged) ? .stored : .superfluous
    }

    /// - Returns: false if there is a staged file of that name. A copy that came before it is never written to: it may
    ///   be on its way into the share at this moment.
    private func write(
        _ bytes: UnsafeRawBufferPointer, _ name: String, _ mode: FileMode, _ staged: inout [String: FileIdentity]
    ) throws(SystemError) -> Bool {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try partials.directory.makeFile(name, mode: 0o600)
        } catch {
            if error.alreadyExists { return false }
            throw error
        }
        do throws(SystemError) {
            try FileIO.write(file.rawValue, bytes, at: 0)
            try FileIO.setModified(file.rawValue, modified)
            try FileIO.setMode(file.rawValue, mode.forFile.bits)
            staged[name] = try FileIO.identity(of: file.rawValue).identity
            return true
        } catch {
            try? partials.directory.remove(name)
            throw SystemError("write a file of \(manifest.name) to", on: partials.directory.path, code: error.code)
        }
    }

    private var modified: Int64 {
        let (nanoseconds, overflow) = terms.modified.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? WallClock.nanoseconds() : min(nanoseconds, WallClock.nanoseconds())
    }

    /// A name like those of other partial files; no download has a serial with the highest bit.
    private func stagedName(_ index: Int, _ root: FileRoot) -> String {
        "\(root.digest.hex).\(1 << 63 | serial << 20 | UInt64(index))"
    }

    /// Removes staged files that are not wanted any more.
    public func discard(_ indices: [Int]) {
        for index in indices {
            if case .file(let root, _) = manifest.kind(at: index) {
                remove(stagedName(index, root))
            }
        }
    }

    private func remove(_ staged: String) {
        _ = stamp(of: staged)
        try? partials.directory.remove(staged)
    }

    /// How a file stood when it was staged, which is needed once.
    private func stamp(of staged: String) -> FileIdentity? {
        partials.staging.withLock { $0.removeValue(forKey: staged) }
    }

    // MARK: Publishing

    /// Gives staged files their names in the share; those of no bytes need not have been staged.
    /// - Returns: what became of each, in the order asked.
    /// - Throws: if files or names could not be made durable: what has no name by then is to be fetched again.
    public func publish(_ indices: [Int], with bench: HashBench) throws(SystemError) -> [Outcome] {
        let failures = stageEmpty(indices)
        if terms.sync { try partials.share.directory.syncFileSystem() }
        var parent: (name: ShareName, directory: Directory)?
        let outcomes = indices.map { index in
            if let failure = failures[index] { return Outcome(index: index, result: .failure(failure)) }
            do throws(SystemError) {
                return Outcome(index: index, result: .success(try publish(index, &parent, bench)))
            } catch {
                discard([index])
                return Outcome(index: index, result: .failure(error))
            }
        }
        // The names, too: a directory each would take as many turns of the disk as there are directories.
        if terms.sync { try partials.share.directory.syncFileSystem() }
        return outcomes
    }

    private func stageEmpty(_ indices: [Int]) -> [Int: SystemError] {
        var failures: [Int: SystemError] = [:]
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        for index in indices {
            guard case .file(let root, let mode) = manifest.kind(at: index), root.length == 0 else { continue }
            do throws(SystemError) {
                try partials.staging.withLock { staged throws(SystemError) in
                    _ = try write(nothing, stagedName(index, root), mode, &staged)
                }
            } catch {
                failures[index] = error
            }
        }
        return failures
    }

    private func publish(
        _ index: Int, _ parent: inout (name: ShareName, directory: Directory)?, _ bench: HashBench
    ) throws(SystemError) -> Published {
        let name = manifest.name(at: index)
        guard let root = manifest.root(at: index), let above = name.parent else {
            throw SystemError("deliver", on: name.path, code: SystemError.notAFile)
        }
        let directory = if let parent, parent.name == above { parent.directory } else { try open(above, of: name) }
        parent = (above, directory)
        do throws(SystemError) {
            let staged = stagedName(index, root)
            guard terms.replacing else { return try place(staged, as: name, root, in: directory) }
            return try partials.replacements.withLock { _ throws(SystemError) in
                // What has come meanwhile needs no backup.
                if let file = try? partials.share.file(at: name, of: root, with: bench) {
                    return try found(file, index, in: directory)
                }
                return try place(staged, as: name, root, in: directory)
            }
        } catch {
            // It may be the very same: another run of this download was about to publish it too, or somebody has asked for
            // it by itself.
            guard error.alreadyExists, let file = try partials.share.file(at: name, of: root, with: bench) else {
                throw error
            }
            return try found(file, index, in: directory)
        }
    }

    /// A file is there already.
    private func found(_ file: IndexedFile, _ index: Int, in directory: Directory) throws(SystemError) -> Published {
        discard([index])
        let identity = try setMode(of: index, file.name.last, in: directory) ?? file.identity
        return published(file.name, file.root, identity, backup: nil, isFound: true)
    }

    /// - Returns: how the file stands then; nil if it had the manifest's mode.
    private func setMode(of index: Int, _ name: String, in directory: Directory) throws(SystemError) -> FileIdentity? {
        guard case .file(_, let mode) = manifest.kind(at: index), let standing = try directory.standing(ofEntry: name),
            FileMode(of: standing.mode) != mode.forFile
        else { return nil }
        let file = try directory.openFile(name)
        try FileIO.setMode(file.rawValue, mode.forFile.bits)
        return try FileIO.identity(of: file.rawValue).identity
    }

    private func place(
        _ staged: String, as name: ShareName, _ root: FileRoot, in directory: Directory
    ) throws(SystemError) -> Published {
        let before = try partials.directory.standing(ofEntry: staged)?.identity
        guard before == stamp(of: staged) else {
            throw SystemError("deliver what somebody else wrote to,", on: staged, code: SystemError.deviceFailure)
        }
        let backup = try partials.rename(
            staged, to: directory, name.last, of: name, replacing: terms.replacing,
            keepingBackup: terms.keepingBackup, sync: terms.sync)
        guard let before, let identity = try directory.standing(ofEntry: name.last)?.identity,
            identity.hasSameBytes(as: before), identity.size == root.length
        else { throw SystemError("find what was delivered as", on: name.path, code: SystemError.notAFile) }
        return published(name, root, identity, backup: backup)
    }

    private func published(
        _ name: ShareName, _ root: FileRoot, _ identity: FileIdentity, backup: ShareName?, isFound: Bool = false
    ) -> Published {
        let layer = root.length == 0 ? [] : [root.digest]
        return Published(
            file: IndexedFile(name: name, root: root, identity: identity, layer: layer), backup: backup,
            isFound: isFound)
    }

    /// The survey has made it; somebody may have removed it since. Then only its owner may enter it until the next survey,
    /// which knows its mode.
    private func open(_ parent: ShareName, of name: ShareName) throws(SystemError) -> Directory {
        do throws(SystemError) {
            return try partials.share.directory.openDirectory(parent.path)
        } catch {
            guard error.isMissing else { throw error }
            return try partials.share.makeParent(of: name, sync: terms.sync, mode: 0o700).directory
        }
    }
}
