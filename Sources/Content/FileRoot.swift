/// A file's identity: its BEP 52 pieces root together with its length in bytes.
///
/// Two files with one `FileRoot` have the same bytes, whatever they are called. An empty file has no tree; its digest
/// here is 32 zero bytes.
/// Source: https://www.bittorrent.org/beps/bep_0052.html ("pieces root").
public struct FileRoot: Hashable, Sendable {
    public let digest: Digest
    /// Bytes.
    public let length: UInt64

    public init(digest: Digest, length: UInt64) {
        self.digest = digest
        self.length = length
    }

    public static let empty = FileRoot(digest: .zero, length: 0)
}

extension FileRoot: CustomStringConvertible {
    public var description: String { "\(digest.prefix)…, \(length) bytes" }
}
