/// Why bytes are no manifest, or a directory cannot be put into one.
public enum ManifestError: Error, Hashable, Sendable {
    case notAManifest
    case wrongVersion(UInt16)
    case tooLong(bytes: UInt64)
    case tooMany(entries: UInt64)
    case truncated
    case trailingBytes(Int)
    case unknownKind(UInt8)
    /// More than permissions: it would make a program run as its owner, or what a system alone may give.
    case badMode(path: String, UInt16)
    case badName(path: String, ShareNameError)
    /// Nobody shares what lies so deep.
    case tooDeep(path: String)
    /// It is called as what a download replaced is: nobody shares such files.
    case backup(path: String)
    case outOfOrder(path: String, after: String)
    case duplicate(path: String)
    /// The directory that it lies in is not in the manifest.
    case withoutParent(path: String)
    /// It lies in what is a file.
    case insideFile(path: String)
    case fileTooLong(path: String, bytes: UInt64)
    /// A file of no bytes with another digest than theirs.
    case emptyWithDigest(path: String)
    /// Names that only case tells apart: on other systems they are one.
    case caseCollision(path: String, other: String)
}

extension ManifestError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAManifest: "it does not begin as a list of a directory does"
        case .wrongVersion(let version): "it has version \(version), this is \(Manifest.version)"
        case .tooLong(let bytes): "it has \(bytes) bytes; at most \(ManifestLimits.bytesMax) are allowed"
        case .tooMany(let entries): "it has \(entries) entries; at most \(ManifestLimits.entriesMax) are allowed"
        case .truncated: "it ends too early"
        case .trailingBytes(let count): "it has \(count) bytes too many"
        case .unknownKind(let kind): "it has an entry of unknown kind \(kind)"
        case .badMode(let path, let bits):
            "\(shown(path)) has the mode \(String(bits, radix: 8)); at most \(String(FileMode.bitsMax, radix: 8)) is allowed"
        case .badName(let path, let reason): "\(shown(path)): \(reason)"
        case .outOfOrder(let path, let previous): "\(shown(path)) stands after \(shown(previous))"
        case .tooDeep(let path): "\(shown(path)) lies more than \(ShareName.directoryDepthMax) directories deep"
        case .backup(let path): "\(shown(path)) is called as what a download has replaced, which is not shared"
        case .duplicate(let path): "\(shown(path)) is there twice"
        case .withoutParent(let path): "\(shown(path)) lies in a directory that is not there"
        case .insideFile(let path): "\(shown(path)) lies in what is a file"
        case .fileTooLong(let path, let bytes):
            "\(shown(path)) has \(bytes) bytes; at most \(PieceLayout.maxLength) are allowed"
        case .emptyWithDigest(let path): "\(shown(path)) has no bytes, but another digest than none have"
        case .caseCollision(let path, let other):
            "only case tells \(shown(path)) from \(shown(other)), and on other systems that makes one name of them"
        }
    }

    private func shown(_ path: String) -> String { TerminalText.escape(path) }
}
