import Content
import Posix

/// How the files of the share stood when they were last looked at: what a scan compares with.
public struct ShareBaseline: Sendable {
    private var names: [ShareName] = []
    private var identities: [FileIdentity] = []
    private var positions: [ShareName: Int] = [:]
    /// By inode, made when the first file turns up that no name is known of.
    private var byInode: [UInt64: Int]?

    public init() {}

    public mutating func append(_ name: ShareName, _ identity: FileIdentity) {
        names.append(name)
        identities.append(identity)
    }

    public var count: Int { names.count }
    public func name(at position: Int) -> ShareName { names[position] }
    public func identity(at position: Int) -> FileIdentity { identities[position] }

    /// Makes it ready to be asked, after everything was appended: takes a while, and so is for workers.
    mutating func prepare() {
        guard positions.count < names.count else { return }
        positions.reserveCapacity(names.count)
        for (position, name) in names.enumerated() { positions[name] = position }
    }

    /// Where a name stands.
    func position(of name: ShareName) -> Int? { positions[name] }

    /// Where a file stood that is this one under whatever name: one inode with the time of its last change in common has
    /// the same bytes, since whatever changes them sets that time.
    mutating func position(sameAs identity: FileIdentity) -> Int? {
        guard !identities.isEmpty else { return nil }
        let known = byInode ?? Dictionary(zip(identities.map(\.inode), identities.indices)) { first, _ in first }
        byInode = known
        return known[identity.inode].flatMap { identities[$0] == identity ? $0 : nil }
    }
}
