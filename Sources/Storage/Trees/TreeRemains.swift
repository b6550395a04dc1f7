import Content
import Posix

/// What a tree that is being fetched has put into the share: a file, or a directory that was missing.
public struct TreeRemain: Hashable, Sendable {
    public enum Kind: Int64, Sendable {
        case file = 0
        case directory = 1
    }

    public let kind: Kind
    public let name: ShareName
    /// As it stood when it was put there.
    public let identity: FileIdentity

    public init(_ kind: Kind, _ name: ShareName, _ identity: FileIdentity) {
        self.kind = kind
        self.name = name
        self.identity = identity
    }
}

extension Share {
    /// Removes what is as it was put there: files that nobody has changed since in any way, then directories that are
    /// empty. What stands at their names otherwise is somebody else's.
    public func remove(_ remains: [TreeRemain]) {
        for remain in remains where remain.kind == .file {
            guard let standing = try? directory.standing(at: remain.name.path), standing.kind == .regular,
                standing.identity == remain.identity
            else { continue }
            try? directory(of: remain.name).remove(remain.name.last)
        }
        let directories = remains.filter { $0.kind == .directory }.sorted { $0.name.depth > $1.name.depth }
        for remain in directories {
            guard let standing = try? directory.standing(at: remain.name.path), standing.kind == .directory,
                standing.identity.device == remain.identity.device, standing.identity.inode == remain.identity.inode
            else { continue }
            try? directory(of: remain.name).removeDirectory(remain.name.last)
        }
    }

    /// How directories stand that were made a moment ago.
    func remains(ofDirectories names: some Sequence<ShareName>) -> [TreeRemain] {
        names.compactMap { name in
            guard let standing = try? directory.standing(at: name.path), standing.kind == .directory else { return nil }
            return TreeRemain(.directory, name, standing.identity)
        }
    }

    private func directory(of name: ShareName) throws(SystemError) -> Directory {
        guard let parent = name.parent else { return directory }
        return try directory.openDirectory(parent.path)
    }
}
