import Content

/// Parameters of `req`: fetch a file or a directory from the swarm into the share.
public struct ReqParams: Equatable, Sendable {
    /// 30 days: longer than anyone waits, and far from overflowing a clock in nanoseconds.
    public static let maxTimeoutSeconds: Double = 30 * 86_400
    /// Finer than anybody needs, and short to type.
    public static let priorities = -100...100

    /// What to do when the holders have different versions of the name.
    public enum Choice: String, CaseIterable, Codable, Sendable {
        /// Fetch nothing and tell of the conflict.
        case only
        /// The one that was modified last.
        case newest
        /// The one that most peers have; among equals, the newest.
        case mostHeld
    }

    /// The name in the swarm and in the share.
    public let name: ShareName
    /// The name is a directory's, and all below it is wanted.
    public let tree: Bool
    /// The version wanted; nil leaves that to `choose`.
    public let root: Digest?
    /// `only` if there is a `root`.
    public let choose: Choice
    /// Replace a file of that name with other content.
    public let force: Bool
    /// Keep what is replaced as `NAME.~N~`.
    public let backup: Bool
    /// Wait until the file is safe on the disk before saying done.
    public let sync: Bool
    /// More than 0, at most `maxTimeoutSeconds`; nil is the daemon's own. Key: `timeout`.
    public let timeoutSeconds: Double?
    /// Answer as soon as the download is accepted.
    public let background: Bool
    /// In the queue, higher first: within `priorities`.
    public let priority: Int
    /// Tell how many bytes from the start can be read, as they come. Not for a tree, nor in the background.
    public let stream: Bool

    public init(
        name: ShareName, tree: Bool = false, root: Digest? = nil, choose: Choice = .only, force: Bool = false,
        backup: Bool = true, sync: Bool = true, timeoutSeconds: Double? = nil, background: Bool = false,
        priority: Int = 0, stream: Bool = false
    ) {
        self.name = name
        self.tree = tree
        self.root = root
        self.choose = choose
        self.force = force
        self.backup = backup
        self.sync = sync
        self.timeoutSeconds = timeoutSeconds
        self.background = background
        self.priority = priority
        self.stream = stream
    }
}

extension ReqParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, tree, root, choose, force, backup, sync
        case timeoutSeconds = "timeout"
        case background, priority, stream
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        name = try fields.decodeShareName(.name)
        tree = try fields.decodeIfPresent(Bool.self, forKey: .tree) ?? false
        root = try fields.decodeDigestIfPresent(.root)
        choose = try fields.decodeWordIfPresent(.choose) ?? .only
        force = try fields.decodeIfPresent(Bool.self, forKey: .force) ?? false
        backup = try fields.decodeIfPresent(Bool.self, forKey: .backup) ?? true
        sync = try fields.decodeIfPresent(Bool.self, forKey: .sync) ?? true
        timeoutSeconds = try ReqParams.timeout(fields)
        background = try fields.decodeIfPresent(Bool.self, forKey: .background) ?? false
        priority = try fields.decodeIntegerIfPresent(.priority, in: ReqParams.priorities) ?? 0
        stream = try fields.decodeIfPresent(Bool.self, forKey: .stream) ?? false
        if root != nil, choose != .only { throw fields.wrong(.choose, "has nothing to choose: `root` says which one") }
        if stream, tree { throw fields.wrong(.stream, "is for a file, and `tree` is true") }
        if stream, background { throw fields.wrong(.stream, "has nobody to tell, since `background` is true") }
    }

    private static func timeout(_ fields: KeyedDecodingContainer<CodingKeys>) throws -> Double? {
        guard let seconds = try fields.decodeNumberIfPresent(.timeoutSeconds) else { return nil }
        guard seconds > 0, seconds <= maxTimeoutSeconds else {
            throw fields.wrong(.timeoutSeconds, "must be more than 0 and at most \(Int(maxTimeoutSeconds)) seconds")
        }
        return seconds
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.path, forKey: .name)
        try fields.encode(tree, forKey: .tree)
        try fields.encodeIfPresent(root?.hex, forKey: .root)
        try fields.encode(choose, forKey: .choose)
        try fields.encode(force, forKey: .force)
        try fields.encode(backup, forKey: .backup)
        try fields.encode(sync, forKey: .sync)
        try fields.encodeIfPresent(timeoutSeconds, forKey: .timeoutSeconds)
        try fields.encode(background, forKey: .background)
        try fields.encode(priority, forKey: .priority)
        try fields.encode(stream, forKey: .stream)
    }
}

/// Parameters of `wait`: answer as the `req` of this name would, when nothing of that name is fetched any more.
public struct WaitParams: Equatable, Sendable {
    public let name: ShareName
    /// The name is a directory's.
    public let tree: Bool

    public init(name: ShareName, tree: Bool = false) {
        self.name = name
        self.tree = tree
    }
}

extension WaitParams: Codable {
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
