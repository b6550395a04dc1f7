import Content
import Posix

/// What of a manifest's tree is in the share.
public struct TreeState: Sendable {
    /// Why an entry cannot be put into the share as things are.
    public enum Obstacle: Hashable, Sendable {
        /// A file of other content.
        case other(FileRoot)
        /// It is the file, and its bytes have rotted.
        case rotten
        /// Said in a few words.
        case occupied(String)
        case failed(SystemError)
    }

    /// Files to fetch, as indices in the manifest.
    public internal(set) var missing: [Int32] = []
    /// Bytes of the disk that those will take which have not reserved them.
    public internal(set) var missingRoom: UInt64 = 0
    /// In what that is counted.
    public internal(set) var block = DiskBlock(size: 1)
    /// Files that are there as they should be.
    public internal(set) var present = 0
    public internal(set) var presentBytes: UInt64 = 0
    /// Entries that cannot be had, as indices in the manifest: every file among them, and directories of no file.
    public internal(set) var obstacles: [(index: Int32, obstacle: Obstacle)] = []
    /// Directories that were missing and were made.
    public internal(set) var made: [TreeRemain] = []
}

/// Compares a manifest's tree with the share, a bounded step at a time, and makes the directories that are missing.
///
/// A file counts as present by its root. That is taken from what is known of the share where the file stands as it did
/// when it was hashed, else computed. Its mode is set as the manifest has it, and so are those of directories: that is part
/// of the version, and nothing is lost by it.
public struct TreeSurvey: Sendable {
    /// What is known of a file as it stands.
    public enum Known: Sendable {
        case file(FileRoot)
        /// It was a file of this root, until its bytes changed though nobody wrote to it.
        case rotten(FileRoot)
        case unknown
    }

    public enum Outcome: Sendable {
        case more(TreeSurvey)
        case done(TreeState)
        /// The tree's own directory cannot be made, or there is no room for one below it. Those that were made are to be
        /// removed: empty, they would look like a version of themselves.
        case blocked(SystemError, made: [TreeRemain])
    }

    /// A file whose root is being computed.
    private struct Hashing {
        let index: Int
        var step: IndexStep
    }

    /// The directory whose entries are being looked at.
    private struct Place {
        let name: ShareName
        /// nil: it could not be made, or opened.
        let directory: Result<Directory, Blocked>
        /// It was made a moment ago: there is nothing in it to look at.
        let isNew: Bool
    }

    private struct Blocked: Error {
        let obstacle: TreeState.Obstacle
    }

    private let manifest: Manifest
    private let replacing: Bool
    private let sync: Bool
    private let reserved: [ShareName: FileRoot]
    private let known: @Sendable (ShareName, FileIdentity) -> Known
    private var state = TreeState()
    private var next = 0
    private var place: Place?
    private var hashing: Hashing?
    private var made: Set<ShareName> = []
    /// Why there was no room for a directory.
    private var full: SystemError?

    /// - Parameters:
    ///   - replacing: files of other content are fetched anew.
    ///   - sync: make the new directories durable.
    ///   - reserved: files that have their room already, as they are fetched by themselves.
    ///   - known: what is known of a file that stands so.
    public init(
        _ manifest: Manifest, replacing: Bool, sync: Bool, reserved: [ShareName: FileRoot] = [:],
        known: @escaping @Sendable (ShareName, FileIdentity) -> Known
    ) {
        self.manifest = manifest
        self.replacing = replacing
        self.sync = sync
        self.reserved = reserved
        self.known = known
    }

    /// - Throws: if what was made cannot be made durable.
    public consuming func run(in share: Share, with bench: HashBench) throws(SystemError) -> Outcome {
        if place == nil {
            do throws(SystemError) { try begin(in: share) } catch {
                return .blocked(error, made: share.remains(ofDirectories: made))
            }
        }
        var budget = StorageLimits.surveyStep
        while next < manifest.count || hashing != nil {
            guard budget > 0 else { return .more(self) }
            if hashing != nil {
                hashFurther(in: share, with: bench)
                budget -= StorageLimits.surveyStep / 4
            } else {
                survey(next, in: share)
                if let full { return .blocked(full, made: share.remains(ofDirectories: made)) }
                next += 1
                budget -= 1
            }
        }
        state.made = share.remains(ofDirectories: made)
        if sync, !made.isEmpty { try share.directory.syncFileSystem() }
        return .done(state)
    }

    /// Directories that it has made, if it is not brought to its end.
    public func madeSoFar(in share: Share) -> [TreeRemain] { share.remains(ofDirectories: made) }

    private mutating func begin(in share: Share) throws(SystemError) {
        state.block = DiskBlock(size: try share.directory.freeSpace().blockSize)
        let (parent, last) = try share.makeParent(of: manifest.name, sync: false, made: &made)
        if try parent.makeDirectory(last, mode: TreeSurvey.newMode) { made.insert(manifest.name) }
        let directory = try parent.openDirectory(last)
        place = Place(name: manifest.name, directory: .success(directory), isNew: made.contains(manifest.name))
        do throws(SystemError) { try directory.setMode(manifest.mode.forDirectory.bits) } catch {
            // Another user's, who lets this one write to it: it stays as it is.
            guard error.isNotPermitted, !made.contains(manifest.name) else { throw error }
        }
    }

    // MARK: Entries

    private mutating func survey(_ index: Int, in share: Share) {
        let name = manifest.name(at: index)
        enter(name.parent ?? manifest.name, in: share)
        guard let place else { return }
        switch (place.directory, manifest.kind(at: index)) {
        case (.failure(let blocked), let kind):
            if case .file = kind { obstruct(index, blocked.obstacle) }
        case (.success(let directory), .directory(let mode)):
            makeDirectory(index, name, mode.forDirectory, in: directory)
        case (.success, .file(let root, _)) where place.isNew: miss(index, root)
        case (.success(let directory), .file(let root, _)): look(at: index, name.last, root, in: directory)
        }
    }

    private mutating func enter(_ name: ShareName, in share: Share) {
        guard place?.name != name else { return }
        let isNew = made.contains(name)
        do throws(SystemError) {
            place = Place(name: name, directory: .success(try share.directory.openDirectory(name.path)), isNew: isNew)
        } catch {
            let blocked = Blocked(obstacle: obstacle(error))
            place = Place(name: name, directory: .failure(blocked), isNew: isNew)
        }
    }

    private func obstacle(_ error: SystemError) -> TreeState.Obstacle {
        let isOccupied = error.isNotADirectory || error.isOtherKind
        return isOccupied ? noDirectory("something that is no directory where one should be") : .failed(error)
    }

    /// Only files are replaced, and only by files.
    private func noDirectory(_ what: String) -> TreeState.Obstacle {
        .occupied(replacing ? "\(what), which --force does not replace" : what)
    }

    /// No new directory lets anybody in, at any moment, whom the manifest's mode does not.
    private static let newMode: UInt32 = 0o700

    private mutating func makeDirectory(_ index: Int, _ name: ShareName, _ mode: FileMode, in directory: Directory) {
        do throws(SystemError) {
            if let standing = try directory.standing(ofEntry: name.last) {
                guard standing.kind == .directory else {
                    return obstruct(index, noDirectory("something that is no directory"))
                }
                if FileMode(of: standing.mode) == mode { return }
            } else if try directory.makeDirectory(name.last, mode: TreeSurvey.newMode) {
                made.insert(name)
            }
            try directory.openDirectory(name.last).setMode(mode.bits)
        } catch {
            if error.isOutOfSpace { full = error } else { obstruct(index, .failed(error)) }
        }
    }

    private mutating func look(at index: Int, _ name: String, _ root: FileRoot, in directory: Directory) {
        do throws(SystemError) {
            guard let standing = try directory.standing(ofEntry: name) else { return miss(index, root) }
            guard standing.kind == .regular else { return obstruct(index, .occupied(TreeSurvey.word(standing.kind))) }
            let full = manifest.name(at: index)
            switch known(full, standing.identity) {
            case .file(let found): judge(index, found, FileMode(of: standing.mode), in: directory, name)
            case .rotten(root): if replacing { miss(index, root) } else { obstruct(index, .rotten) }
            case .rotten, .unknown:
                guard standing.identity.size == root.length, let step = IndexStep(full, standing.identity) else {
                    return differ(index, root, standing.identity)
                }
                hashing = Hashing(index: index, step: step)
            }
        } catch {
            obstruct(index, .failed(error))
        }
    }

    private static func word(_ kind: FileKind) -> String {
        switch kind {
        case .regular: "a file"
        case .directory: "a directory"
        case .other: "a link or special file"
        }
    }

    /// A file whose length alone tells that it is another; what it is, is not worth hashing it.
    private mutating func differ(_ index: Int, _ root: FileRoot, _ identity: FileIdentity) {
        if replacing { return miss(index, root) }
        obstruct(index, .occupied("a file of \(identity.size) bytes"))
    }

    private mutating func judge(
        _ index: Int, _ found: FileRoot, _ mode: FileMode?, in directory: Directory, _ name: String
    ) {
        guard case .file(let root, let wanted) = manifest.kind(at: index) else { return }
        guard found == root else { return replacing ? miss(index, root) : obstruct(index, .other(found)) }
        do throws(SystemError) {
            if mode != wanted.forFile {
                let file = try directory.openFile(name)
                try FileIO.setMode(file.rawValue, wanted.forFile.bits)
            }
            state.present += 1
            state.presentBytes += root.length
        } catch {
            obstruct(index, .failed(error))
        }
    }

    private mutating func miss(_ index: Int, _ root: FileRoot) {
        state.missing.append(Int32(index))
        if !reserved.isEmpty, reserved[manifest.name(at: index)] == root { return }
        state.missingRoom += state.block.taken(by: root.length)
    }

    private mutating func obstruct(_ index: Int, _ obstacle: TreeState.Obstacle) {
        state.obstacles.append((Int32(index), obstacle))
    }

    // MARK: Hashing

    private mutating func hashFurther(in share: Share, with bench: HashBench) {
        guard let hashing, let place, case .success(let directory) = place.directory else { return self.hashing = nil }
        let name = hashing.step.name.last
        do throws(SystemError) {
            switch try hashing.step.run(in: share, with: bench) {
            case .more(let step, _): self.hashing?.step = step
            case .changed, .openForWriting:
                self.hashing = nil
                obstruct(hashing.index, .occupied("a file that is being written"))
            case .done(let file):
                self.hashing = nil
                let mode = try directory.standing(ofEntry: name).map { FileMode(of: $0.mode) }
                judge(hashing.index, file.root, mode, in: directory, name)
            }
        } catch {
            self.hashing = nil
            obstruct(hashing.index, .failed(error))
        }
    }
}
