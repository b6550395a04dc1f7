import Content

/// Parameters of `priority`: a download's place in the queue.
public struct PriorityParams: Equatable, Sendable {
    /// As it was typed: it is looked up without the slash that a directory may end in.
    public let name: TypedName
    /// Higher first: within `ReqParams.priorities`.
    public let priority: Int

    public init(name: TypedName, priority: Int) {
        self.name = name
        self.priority = priority
    }
}

extension PriorityParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, priority
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        name = try fields.decodeTypedName(.name)
        guard let priority = try fields.decodeIntegerIfPresent(.priority, in: ReqParams.priorities) else {
            throw fields.wrong(.priority, "is missing")
        }
        self.priority = priority
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.text, forKey: .name)
        try fields.encode(priority, forKey: .priority)
    }
}

/// The reply to `priority`.
public struct PriorityReply: Codable, Equatable, Sendable {
    public let name: String
    public let priority: Int

    public init(name: String, priority: Int) {
        self.name = name
        self.priority = priority
    }
}
