/// What a client calls its request; replies and notifications repeat it.
/// Source: https://www.jsonrpc.org/specification, section 4.
public enum ControlID: Hashable, Sendable {
    case number(Int)
    /// At most `maxBytes` of UTF-8, since every notification carries it.
    case text(String)

    public static let maxBytes = 256
}

extension ControlID: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int.self) {
            self = .number(number)
        } else {
            let text = try value.decode(String.self)
            guard text.utf8.count <= ControlID.maxBytes else {
                throw DecodingError.dataCorruptedError(
                    in: value, debugDescription: "longer than \(ControlID.maxBytes) bytes")
            }
            self = .text(text)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        }
    }
}
