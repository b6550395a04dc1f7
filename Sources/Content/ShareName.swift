/// The name of a shared file: a path relative to the share, checked once, where it enters the program.
///
/// A value of this type is safe to open beneath the share: never absolute, no empty, `.` or `..` component, no control
/// character, valid UTF-8, at most 1,024 bytes, components at most 255, and nothing of the daemon's own.
public struct ShareName: Hashable, Sendable {
    public static let maxBytes = 1024
    public static let maxComponentBytes = 255
    /// The daemon's own directory inside a share, never shared.
    public static let reserved = ".p2pd"

    /// The path, components separated by single slashes.
    public let path: String

    public init(_ path: some StringProtocol) throws(ShareNameError) {
        let utf8 = path.utf8
        guard !utf8.isEmpty else { throw .empty }
        guard utf8.count <= ShareName.maxBytes else { throw .tooLong(bytes: utf8.count) }
        guard utf8.first != UInt8(ascii: "/") else { throw .absolute }
        guard !path.unicodeScalars.contains(where: ShareName.isControl) else { throw .controlCharacter }
        for component in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            try ShareName.check(component: component)
        }
        self.path = String(path)
        guard components.first != ShareName.reserved else { throw .reserved }
    }

    /// - Parameter bytes: as they come from a socket or a directory; must be valid UTF-8.
    public init(bytes: some Collection<UInt8>) throws(ShareNameError) {
        guard bytes.count <= ShareName.maxBytes else { throw .tooLong(bytes: bytes.count) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        try self.init(text)
    }

    /// Split by bytes: a slash followed by a combining mark is one character to Swift, but still a slash to the kernel.
    public var components: [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// C0 and C1 controls, delete, and the line and paragraph separators: never in text from outside.
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }

    private static func check(component: some Collection<UInt8>) throws(ShareNameError) {
        let dot = UInt8(ascii: ".")
        guard !component.isEmpty else { throw .emptyComponent }
        guard component.count <= maxComponentBytes else { throw .tooLong(bytes: component.count) }
        if component.count <= 2, component.allSatisfy({ $0 == dot }) { throw .dotComponent }
    }
}

/// Names are compared byte by byte: Swift's strings hold `é` in its two Unicode spellings for equal, Linux does not.
extension ShareName: Comparable {
    public static func == (left: ShareName, right: ShareName) -> Bool {
        left.path.utf8.elementsEqual(right.path.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in path.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }

    public static func < (left: ShareName, right: ShareName) -> Bool {
        left.path.utf8.lexicographicallyPrecedes(right.path.utf8)
    }
}

extension ShareName: CustomStringConvertible {
    public var description: String { path }
}

/// Why a text is not a share name.
public enum ShareNameError: Error, Hashable, CustomStringConvertible {
    case empty
    case absolute
    case emptyComponent
    case dotComponent
    case controlCharacter
    case notUTF8
    case reserved
    case tooLong(bytes: Int)

    public var description: String {
        switch self {
        case .empty: "the name is empty"
        case .absolute: "the name begins with a slash; names are relative to the share"
        case .emptyComponent: "the name has an empty part (two slashes in a row, or one at the end)"
        case .dotComponent: "the name has a part `.` or `..`"
        case .controlCharacter: "the name has a control character"
        case .notUTF8: "the name is not valid UTF-8"
        case .reserved: "\(ShareName.reserved) belongs to the daemon and is not shared"
        case .tooLong(let bytes):
            "the name or a part of it has \(bytes) bytes; at most \(ShareName.maxBytes) in all and "
                + "\(ShareName.maxComponentBytes) in a part are allowed"
        }
    }
}
