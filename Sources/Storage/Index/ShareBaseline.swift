import Content
import Posix

/// How the files of the share stood when they were last looked at: what a scan compares with.
public struct ShareBaseline: Sendable {
    private var names: [ShareName] = []
    private var identities: [FileIdentity] = []
    /// By inode, made when the first file turns up that no name is known of.
    private var byInode: [UInt64: Int]?

    public init() {}

    /// Files are added in the order of their names.
    public mutating func append(_ name: ShareName, _ identity: FileIdentity) {
        names.append(name)
        identities.append(identity)
    }

    public var count: Int { names.count }
    public func name(at position: Int) -> ShareName { names[position] }
    public func identity(at position: Int) -> FileIdentity { identities[position] }

    /// Where a name stands.
    public func position(of name: ShareName) -> Int? {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low < names.count && names[low] == name ? low : nil
    }

    /// Where a file stood that is this one under whatever name: one inode with the time of its last change in common has
    /// the same bytes, since whatever changes them sets that time.
    mutating func position(sameAs identity: FileIdentity) -> Int? {
        let positions =
            byInode ?? Dictionary(identities.indices.map { (identities[$0].inode, $0) }) { first, _ in first }
        byInode = positions
        return positions[identity.inode].flatMap { identities[$0] == identity ? $0 : nil }
    }
}
