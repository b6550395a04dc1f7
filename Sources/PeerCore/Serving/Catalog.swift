import Content
import Wire

/// What this peer offers, by name and by content.
public struct Catalog: Sendable {
    private var byName: [ShareName: SharedFile] = [:]
    private var names: [Digest: Set<ShareName>] = [:]
    /// Bytes of all files.
    public private(set) var bytes: UInt64 = 0

    public init() {}

    public var count: Int { byName.count }
    public subscript(name: ShareName) -> SharedFile? { byName[name] }
    /// Files in the order of their names' bytes.
    /// - Parameter after: the last name of the page before.
    public func page(after: ShareName?, limit: Int) -> (files: [SharedFile], more: Bool) {
        let rest = byName.values.filter { file in after.map { $0 < file.name } ?? true }.sorted { $0.name < $1.name }
        return (Array(rest.prefix(limit)), rest.count > limit)
    }

    public mutating func insert(_ file: SharedFile) {
        remove(file.name)
        byName[file.name] = file
        names[file.root.digest, default: []].insert(file.name)
        bytes += file.root.length
    }

    public mutating func remove(_ name: ShareName) {
        guard let file = byName.removeValue(forKey: name) else { return }
        names[file.root.digest]?.remove(name)
        if names[file.root.digest]?.isEmpty == true { names[file.root.digest] = nil }
        bytes -= file.root.length
    }

    public func file(for query: FileQuery) -> SharedFile? {
        switch query {
        case .name(let name): byName[name]
        case .root(let root): file(root: root)
        case .digest(let digest): names[digest]?.min().flatMap { byName[$0] }
        case .tree: nil
        }
    }

    /// Some file of this content.
    public func file(root: FileRoot) -> SharedFile? {
        names[root.digest]?.lazy.compactMap { byName[$0] }.first { $0.root == root }
    }
}
