import Content

/// Parameters of `who`: which versions of a name the swarm has.
public struct WhoParams: Equatable, Sendable {
    public let name: ShareName
    /// The name is a directory's.
    public let tree: Bool

    public init(name: ShareName, tree: Bool = false) {
        self.name = name
        self.tree = tree
    }
}

extension WhoParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, tree
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        name = try fields.decodeShareName(.name)
        tree = try fields.decodeIfPresent(Bool.self, forKey: .tree) ?? false
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.path, forKey: .name)
        try fields.encode(tree, forKey: .tree)
    }
}

/// The reply to `who`: every version of the name, the most held first.
public struct WhoReply: Codable, Equatable, Sendable {
    public let versions: [Version]
    /// Peers that were asked.
    public let asked: Int
    /// Peers that did not answer.
    public let silent: Int
    /// Peers that were not asked, since they are refused for wrong data.
    public let banned: Int
    /// The root of the file of that name in this peer's own share.
    public let local: String?
    /// Addresses of peers that have the directory and cannot offer it as a whole.
    public let unfit: [String]

    public init(
        versions: [Version], asked: Int, silent: Int, banned: Int = 0, local: String?, unfit: [String] = []
    ) {
        self.versions = versions
        self.asked = asked
        self.silent = silent
        self.banned = banned
        self.local = local
        self.unfit = unfit
    }

    /// One content that the swarm has under the name.
    public struct Version: Codable, Equatable, Sendable {
        /// 64 hexadecimal digits.
        public let root: String
        /// Bytes, of a directory those of its files.
        public let length: UInt64
        /// Seconds since 1970, the newest among the holders; nil when none said.
        public let modified: Int64?
        /// Without this peer itself: none of a version that only it has.
        public let holders: [Holder]

        public init(root: String, length: UInt64, modified: Int64?, holders: [Holder]) {
            self.root = root
            self.length = length
            self.modified = modified
            self.holders = holders
        }
    }

    /// A peer that has a version, or some of it.
    public struct Holder: Codable, Equatable, Sendable {
        /// `address:port`.
        public let address: String
        public let complete: Bool
        /// Bytes.
        public let have: UInt64

        public init(address: String, complete: Bool, have: UInt64) {
            self.address = address
            self.complete = complete
            self.have = have
        }
    }
}
