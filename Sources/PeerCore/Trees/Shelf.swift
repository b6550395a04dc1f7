import Content
import Wire

/// What making a directory's manifest came to.
public enum ManifestMaking: Hashable, Sendable {
    /// It is kept, and can be served.
    /// - Parameter file: the directory's name with the manifest's root and piece layer.
    case made(SharedFile)
    /// A file in it is not indexed yet.
    case pending
    /// No such directory, or none that can be a tree.
    case none
}

/// The manifests of this peer's directories that are known, and who waits for one to be made.
struct Shelf {
    /// Manifests known; beyond it the one made longest ago is forgotten.
    static let manifestsMax = 64
    /// Directories gone through at one time, and peers that wait for one of them; more are told to ask again.
    private static let makingMax = 4
    private static let waitingMax = 256
    /// What a watch does not tell of, such as a directory's own mode, is noticed after so long.
    private static let age = Span.seconds(10)

    struct Asker {
        let request: UInt32
        let connection: ConnectionID
    }

    private struct Kept {
        let file: SharedFile
        let made: Moment
        /// Something in the directory has changed since.
        var isStale = false
    }

    private var byName: [ShareName: Kept] = [:]
    private var making: [ShareName: [Asker]] = [:]
    /// Directories in which something changed while their manifests were made.
    private var disturbed: Set<ShareName> = []

    /// A directory's manifest as it stands; nil if it has to be made.
    func manifest(of name: ShareName, now: Moment) -> SharedFile? {
        guard let kept = byName[name], !kept.isStale, kept.made + Shelf.age > now else { return nil }
        return kept.file
    }

    /// Any manifest that is kept: also one that is not how its directory stands, which somebody may be fetching.
    func manifest(_ root: FileRoot) -> SharedFile? { byName.values.first { $0.file.root == root }?.file }

    func manifest(for query: FileQuery) -> SharedFile? {
        switch query {
        case .root(let root): manifest(root)
        case .digest(let digest): byName.values.first { $0.file.root.digest == digest }?.file
        case .name, .tree: nil
        }
    }

    /// Manifests whose files are needed.
    var digests: Set<Digest> { Set(byName.values.map(\.file.root.digest)) }

    enum Answer {
        case make
        case wait
        case full
    }

    /// - Parameter asker: nil asks for this peer itself.
    mutating func ask(_ name: ShareName, _ asker: Asker?) -> Answer {
        guard let waiting = making[name] else {
            guard making.count < Shelf.makingMax || asker == nil else { return .full }
            making[name] = asker.map { [$0] } ?? []
            return .make
        }
        guard waiting.count < Shelf.waitingMax else { return .full }
        if let asker { making[name]?.append(asker) }
        return .wait
    }

    /// - Returns: who waited for it.
    mutating func made(_ name: ShareName, _ making: ManifestMaking, now: Moment) -> [Asker] {
        switch making {
        case .made(let file):
            byName[name] = Kept(file: file, made: now, isStale: disturbed.contains(name))
            if byName.count > Shelf.manifestsMax, let oldest = byName.min(by: { $0.value.made < $1.value.made })?.key {
                byName[oldest] = nil
            }
        case .pending: break
        case .none: byName[name] = nil
        }
        disturbed.remove(name)
        return self.making.removeValue(forKey: name) ?? []
    }

    /// Something at this name, or below it, is not as it was.
    mutating func changed(_ name: ShareName) {
        for directory in byName.keys where name == directory || name.isBelow(directory) || directory.isBelow(name) {
            byName[directory]?.isStale = true
        }
        for directory in making.keys where name == directory || name.isBelow(directory) || directory.isBelow(name) {
            disturbed.insert(directory)
        }
    }
}
