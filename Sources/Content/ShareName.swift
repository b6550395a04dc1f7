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
        self.path = String(path)
        if let error = withBytes(ShareName.check) { throw error }
        // What is not ASCII has its controls too.
        guard !self.path.unicodeScalars.contains(where: ShareName.isControl) else { throw .controlCharacter }
    }

    /// - Parameter bytes: as they come from a socket or a directory; must be valid UTF-8.
    public init(bytes: some Collection<UInt8>) throws(ShareNameError) {
        guard bytes.count <= ShareName.maxBytes else { throw .tooLong(bytes: bytes.count) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        try self.init(text)
    }

    /// Directories in one another, from the share on, that are shared; what lies deeper is not.
    public static let directoryDepthMax = 64

    /// Directories that lead to it, and itself.
    public var depth: Int { path.utf8.count { $0 == UInt8(ascii: "/") } + 1 }

    /// Whether it lies in `directory`, or in one below that.
    public func isBelow(_ directory: ShareName) -> Bool {
        path.utf8.count > directory.path.utf8.count + 1 && path.utf8.starts(with: directory.path.utf8)  // trap: a name
            && path.utf8.dropFirst(directory.path.utf8.count).first == UInt8(ascii: "/")
    }

    /// Whether one of two directories is the other, or lies in it.
    public func overlaps(_ directory: ShareName) -> Bool {
        self == directory || isBelow(directory) || directory.isBelow(self)
    }

    /// The directory that it lies in; nil for the share itself.
    public var parent: ShareName? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return ShareName(checked: String(path[..<slash]))
    }

    /// The name in that directory.
    public var last: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(decoding: path.utf8[path.utf8.index(after: slash)...], as: UTF8.self)
    }

    /// The name under which a file is kept that another takes the place of: `NAME.~N~`.
    /// - Parameter number: from 1.
    public func backup(_ number: Int) throws(ShareNameError) -> ShareName { try ShareName("\(path).~\(number)~") }

    /// Whether a file of this name is such a one: it belongs to whoever has the share, and is never shared.
    public var isBackup: Bool {
        let tilde = UInt8(ascii: "~")
        let bytes = path.utf8
        guard bytes.last == tilde else { return false }
        let digits = bytes.dropLast().reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let before = bytes.dropLast(1 + digits.count).suffix(3)  // trap: digits of a name
        guard let first = digits.last, first != UInt8(ascii: "0") else { return false }
        return before.count == 3 && before.first != UInt8(ascii: "/") && before.dropFirst().elementsEqual(".~".utf8)
    }

    /// - Parameter path: the beginning of a name's path, up to a slash.
    private init(checked path: String) {
        self.path = path
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

    /// Looks at bytes one by one: a name is made for every file of a share at every start.
    private static func check(_ bytes: UnsafeBufferPointer<UInt8>) -> ShareNameError? {
        let slash = UInt8(ascii: "/")
        guard let first = bytes.first else { return .empty }
        guard bytes.count <= maxBytes else { return .tooLong(bytes: bytes.count) }
        guard first != slash else { return .absolute }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return .controlCharacter }
        var start = 0
        while start <= bytes.count {
            let end = bytes[start...].firstIndex(of: slash) ?? bytes.count
            let component = UnsafeBufferPointer(rebasing: bytes[start..<end])
            if let error = checkComponent(component) { return error }
            if start == 0, component.elementsEqual(reserved.utf8) { return .reserved }
            start = end + 1  // trap: a place in the text
        }
        return nil
    }

    private static func checkComponent(_ component: UnsafeBufferPointer<UInt8>) -> ShareNameError? {
        let dot = UInt8(ascii: ".")
        guard let first = component.first else { return .emptyComponent }
        guard component.count <= maxComponentBytes else { return .tooLong(bytes: component.count) }
        return first == dot && component.count <= 2 && component.last == dot ? .dotComponent : nil
    }
}

/// Names are compared byte by byte: Swift's strings hold `é` in its two Unicode spellings for equal, Linux does not.
extension ShareName: Comparable {
    public static func == (left: ShareName, right: ShareName) -> Bool {
        left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }

    public func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }

    public static func < (left: ShareName, right: ShareName) -> Bool {
        left.withBytes { left in right.withBytes { right in left.lexicographicallyPrecedes(right) } }
    }

    /// As one block: names are compared very often, and a string hands out its bytes one by one.
    private func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        path.utf8.withContiguousStorageIfAvailable(body) ?? Array(path.utf8).withUnsafeBufferPointer(body)
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
