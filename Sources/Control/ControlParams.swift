import Content

/// Parameters of `req`: fetch a file from the swarm into the share.
public struct ReqParams: Equatable, Sendable {
    /// 30 days: longer than anyone waits, and far from overflowing a clock in nanoseconds.
    public static let maxTimeoutSeconds: Double = 30 * 86_400

    /// The file's name in the swarm and in the share.
    public let name: ShareName
    /// The version wanted; nil takes the only one there is.
    public let root: Digest?
    /// Replace a file of that name with other content.
    public let force: Bool
    /// Wait until the file is safe on the disk before saying done.
    public let sync: Bool
    /// More than 0, at most `maxTimeoutSeconds`; nil is the daemon's own. Key: `timeout`.
    public let timeoutSeconds: Double?

    public init(
        name: ShareName, root: Digest? = nil, force: Bool = false, sync: Bool = true, timeoutSeconds: Double? = nil
    ) {
        self.name = name
        self.root = root
        self.force = force
        self.sync = sync
        self.timeoutSeconds = timeoutSeconds
    }
}

extension ReqParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, root, force, sync
        case timeoutSeconds = "timeout"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        name = try fields.decodeShareName(.name)
        root = try fields.decodeDigestIfPresent(.root)
        force = try fields.decodeIfPresent(Bool.self, forKey: .force) ?? false
        sync = try fields.decodeIfPresent(Bool.self, forKey: .sync) ?? true
        timeoutSeconds = try fields.decodeNumberIfPresent(.timeoutSeconds)
        guard let timeoutSeconds else { return }
        guard timeoutSeconds > 0, timeoutSeconds <= ReqParams.maxTimeoutSeconds else {
            throw fields.wrong(
                .timeoutSeconds, "must be more than 0 and at most \(Int(ReqParams.maxTimeoutSeconds)) seconds")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.path, forKey: .name)
        try fields.encodeIfPresent(root?.hex, forKey: .root)
        try fields.encode(force, forKey: .force)
        try fields.encode(sync, forKey: .sync)
        try fields.encodeIfPresent(timeoutSeconds, forKey: .timeoutSeconds)
    }
}

/// Parameters of `files`: a page of the share's files in the order of their names' bytes.
public struct FilesParams: Equatable, Sendable {
    /// Files on a page, at most.
    public static let maxLimit = 1000

    /// The last name of the page before; nil is the first page.
    public let after: ShareName?
    /// 1 to `maxLimit`.
    public let limit: Int

    public init(after: ShareName? = nil, limit: Int = FilesParams.maxLimit) {
        self.after = after
        self.limit = limit
    }
}

extension FilesParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case after, limit
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        after = try fields.decodeShareNameIfPresent(.after)
        limit = try fields.decodeIfPresent(Int.self, forKey: .limit) ?? FilesParams.maxLimit
        guard (1...FilesParams.maxLimit).contains(limit) else {
            throw fields.wrong(.limit, "must be 1 to \(FilesParams.maxLimit)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encodeIfPresent(after?.path, forKey: .after)
        try fields.encode(limit, forKey: .limit)
    }
}

/// Parameters of `cancel`: give up the download of a name and delete what came of it.
public struct CancelParams: Equatable, Sendable {
    public let name: ShareName

    public init(name: ShareName) {
        self.name = name
    }
}

extension CancelParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
    }

    public init(from decoder: any Decoder) throws {
        name = try decoder.onlyFields(CodingKeys.self).decodeShareName(.name)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.path, forKey: .name)
    }
}

/// Parameters of the methods that take none.
struct NoParams: Codable {
    private enum CodingKeys: CodingKey, CaseIterable {}

    init() {}

    init(from decoder: any Decoder) throws {
        _ = try decoder.onlyFields(CodingKeys.self)
    }

    func encode(to encoder: any Encoder) throws {
        _ = encoder.container(keyedBy: CodingKeys.self)
    }
}
