import Content

/// How bytes from a socket broke the protocol. The connection they came on is closed with this as the logged reason.
public enum WireError: Error, Hashable, Sendable {
    case emptyFrame
    case frameTooLong(type: UInt8, bytes: UInt32, limit: Int)
    case unknownType(UInt8)
    case truncated(type: MessageType)
    case trailingBytes(type: MessageType, count: Int)
    case wrongMagic
    case wrongVersion(UInt16)
    case badName(ShareNameError)
    case badText(type: MessageType)
    case badValue(type: MessageType, field: String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .emptyFrame: "a frame without a type"
        case .frameTooLong(let type, let bytes, let limit):
            "a frame of type \(type) with \(bytes) bytes, at most \(limit) are allowed"
        case .unknownType(let type): "a frame of unknown type \(type)"
        case .truncated(let type): "a \(type) that ends too early"
        case .trailingBytes(let type, let count): "a \(type) with \(count) bytes too many"
        case .wrongMagic: "a hello that is not p2pd's"
        case .wrongVersion(let version): "protocol version \(version), this is \(Hello.version)"
        case .badName(let reason): "a file name that is refused: \(reason)"
        case .badText(let type): "a \(type) whose text is too long, not UTF-8 or has control characters"
        case .badValue(let type, let field): "a \(type) whose \(field) is out of range"
        }
    }
}
