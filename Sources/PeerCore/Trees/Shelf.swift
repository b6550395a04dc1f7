import Content
import Wire

/// What making a directory's manifest came to.
public enum ManifestMaking: Hashable, Sendable {
    /// It is kept, and can be served.
    case made(OfferedTree)
    /// A file in it is not indexed yet.
    case pending
    /// It is there and cannot be a tree, for this reason.
    case unfit(String)
    /// No such directory.
    case none
}

/// A directory that is offered as one version.
public struct OfferedTree: Hashable, Sendable {
    /// The directory's name with the manifest's root and piece layer.
    public let manifest: SharedFile
    /// Bytes of all files.
    public let length: UInt64

    public init(manifest: SharedFile, length: UInt64) {
        self.manifest = manifest
        self.length = length
    }
}

/// The manifests of this peer's directories that are known, which directories can have none, and who waits for one to be
/// made.
struct Shelf {
    /// Manifests known, and their bytes together; beyond it the one made longest ago is forgotten. And directories known to
    /// have none.
    static let manifestsMax = 1024
    private static let bytesMax: UInt64 = 512 << 20
    private static let unfitMax = 64
    /// Directories gone through at one time, those that wait for it, and peers that wait for one of them; more are told to
    /// ask again.
    private static let makingMax = 4
    private static let postponedMax = 1024
    private static let waitingMax = 256
    /// What a watch does not tell of, such as a directory's own mode, is noticed after so long.
    private static let age = Span.seconds(10)

    struct Asker {
        let request: UInt32
        let connection: ConnectionID
    }

    private struct Kept {
        let tree: OfferedTree
        let made: Moment
        /// Something in the directory has changed since.
        var isStale = false
    }

    private struct Unfit {
        let reason: String
        let found: Moment
    }

    private var byName: [ShareName: Kept] = [:]
    private var unfitByName: [ShareName: Unfit] = [:]
    private var making: [ShareName: [Asker]] = [:]
    /// Of these, the ones that wait until others are made.
    private var postponed: [ShareName] = []
    /// Directories in which something changed while their manifests were made, and those of them that were fetched to: what
    /// was seen may be a part of what was being fetched.
    private var disturbed: Set<ShareName> = []
    private var mixed: Set<ShareName> = []

    /// What is known of a directory as it stands; nil if its manifest has to be made.
    func making(of name: ShareName, now: Moment) -> ManifestMaking? {
        if let unfit = unfitByName[name], unfit.found + Shelf.age > now { return .unfit(unfit.reason) }
        guard let kept = byName[name], !kept.isStale, kept.made + Shelf.age > now else { return nil }
        return .made(kept.tree)
    }

    /// Directories that were asked for and cannot be offered, with why, in the order of their names.
    var unfit: [(name: ShareName, reason: String)] {
        unfitByName.map { (name: $0.key, reason: $0.value.reason) }.sorted { $0.name < $1.name }
    }

    /// Any manifest that is kept: also one that is not how its directory stands, which somebody may be fetching.
    func manifest(_ root: FileRoot) -> SharedFile? { tree { $0.root == root }?.manifest }

    private func tree(where isMeant: (SharedFile) -> Bool) -> OfferedTree? {
        byName.values.first { isMeant($0.tree.manifest) }?.tree
    }

    func manifest(for query: FileQuery) -> SharedFile? {
        switch query {
        case .root(let root): manifest(root)
        // A person asks so for a file, and would get a list of files as one.
        case .digest, .name, .tree: nil
        }
    }

    /// Manifests whose files are needed.
    var digests: Set<Digest> { Set(byName.values.map(\.tree.manifest.root.digest)) }

    enum Answer {
        case make
        case wait
        case full
    }

    /// - Parameter asker: nil asks for this peer itself.
    mutating func ask(_ name: ShareName, _ asker: Asker?) -> Answer {
        guard let waiting = making[name] else {
            guard postponed.count < Shelf.postponedMax || asker == nil else { return .full }
            let isFree = making.count - postponed.count < Shelf.makingMax || asker == nil
            making[name] = asker.map { [$0] } ?? []
            if !isFree { postponed.append(name) }
            return isFree ? .make : .wait
        }
        guard waiting.count < Shelf.waitingMax else { return .full }
        if let asker { making[name]?.append(asker) }
        return .wait
    }

    /// - Returns: a directory that can be gone through now.
    mutating func next() -> ShareName? {
        guard !postponed.isEmpty, making.count - postponed.count < Shelf.makingMax else { return nil }
        return postponed.removeFirst()
    }

    /// - Returns: who waited for it.
    mutating func made(_ name: ShareName, _ making: ManifestMaking, now: Moment) -> [Asker] {
        unfitByName[name] = nil
        switch making {
        case .made(let tree):
            byName[name] = Kept(tree: tree, made: now, isStale: disturbed.contains(name))
            forgetOldest()
        case .pending: break
        case .unfit(let reason):
            byName[name] = nil
            if !disturbed.contains(name) { unfitByName[name] = Unfit(reason: reason, found: now) }
            if unfitByName.count > Shelf.unfitMax,
                let oldest = unfitByName.min(by: { $0.value.found < $1.value.found })?.key
            {
                unfitByName[oldest] = nil
            }
        case .none: byName[name] = nil
        }
        disturbed.remove(name)
        mixed.remove(name)
        // It may have been made for this peer itself before its turn came.
        postponed.removeAll { $0 == name }
        return self.making.removeValue(forKey: name) ?? []
    }

    private mutating func forgetOldest() {
        var bytes = byName.values.reduce(0) { $0 + $1.tree.manifest.root.length }
        while byName.count > Shelf.manifestsMax || bytes > Shelf.bytesMax && byName.count > 1,
            let oldest = byName.min(by: { $0.value.made < $1.value.made })
        {
            bytes -= oldest.value.tree.manifest.root.length
            byName[oldest.key] = nil
        }
    }

    /// What a directory's manifest is made of may be a part of what was fetched meanwhile.
    func isMixed(_ name: ShareName) -> Bool { mixed.contains(name) }

    /// A directory is fetched to this name.
    mutating func fetched(to name: ShareName) {
        changed(name)
        for directory in making.keys where name.overlaps(directory) { mixed.insert(directory) }
    }

    /// Something at this name, or below it, is not as it was.
    mutating func changed(_ name: ShareName) {
        for directory in byName.keys where name.overlaps(directory) {
            byName[directory]?.isStale = true
        }
        for directory in unfitByName.keys where name.overlaps(directory) {
            unfitByName[directory] = nil
        }
        for directory in making.keys where name.overlaps(directory) {
            disturbed.insert(directory)
        }
    }
}
