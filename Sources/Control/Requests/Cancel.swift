import Content

/// Parameters of `cancel`: give up the download of a name, and forget one that failed.
public struct CancelParams: Equatable, Sendable {
    /// As it was typed: it is looked up without the slash that a directory may end in.
    public let name: TypedName
    /// Keep what came of it, for a later `req` of the same version.
    public let keepData: Bool

    public init(name: TypedName, keepData: Bool = false) {
        self.name = name
        self.keepData = keepData
    }
}

extension CancelParams: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, keepData
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        name = try fields.decodeTypedName(.name)
        keepData = try fields.decodeIfPresent(Bool.self, forKey: .keepData) ?? false
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name.text, forKey: .name)
        try fields.encode(keepData, forKey: .keepData)
    }
}

/// The reply to `cancel`.
public struct CancelReply: Codable, Equatable, Sendable {
    /// The name whose download was given up.
    public let name: String

    public init(name: String) {
        self.name = name
    }
}
