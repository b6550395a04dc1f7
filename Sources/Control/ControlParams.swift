import Content

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
