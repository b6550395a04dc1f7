import Content

/// Parameters of `pause` and `resume`: one download, or all of them.
public enum DownloadChoice: Equatable, Sendable {
    /// As it was typed: it is looked up without the slash that a directory may end in.
    case name(TypedName)
    case all
}

extension DownloadChoice: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, all
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.onlyFields(CodingKeys.self)
        let isAll = try fields.decodeIfPresent(Bool.self, forKey: .all) ?? false
        let name = try fields.decodeTypedNameIfPresent(.name)
        switch (name, isAll) {
        case (nil, true): self = .all
        case (let name?, false): self = .name(name)
        case (nil, false): throw fields.wrong(.name, "is missing; give it, or `all` as true")
        case (_?, true): throw fields.wrong(.all, "is true, so there must be no `name`")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .name(let name): try fields.encode(name.text, forKey: .name)
        case .all: try fields.encode(true, forKey: .all)
        }
    }
}

/// The reply to `pause` and `resume`: what has been paused or goes on; what was so before is not named again.
/// A directory's name ends in a slash.
public struct ChosenReply: Codable, Equatable, Sendable {
    public let names: [String]

    public init(names: [String]) {
        self.names = names
    }
}
