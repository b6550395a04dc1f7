/// The caps of a manifest. With files of at most `PieceLayout.maxLength` they also keep the sum of all lengths below
/// 2^63, so that it can be computed without care.
public enum ManifestLimits {
    /// Entries, directories among them. Many times what people keep in one directory; a peer holds a few bytes of each
    /// in memory while it fetches them.
    public static let entriesMax = 1_000_000
    /// Bytes of the encoding: room for that many entries with names of some 200 bytes. It is read into memory whole.
    public static let bytesMax = 256 << 20
}
