import Content

/// A download that has come to its end, well or not, for those who are told of it.
public struct EndedDownload: Hashable, Sendable {
    public let id: DownloadID
    public let kind: DownloadEntry.Kind
    public let name: ShareName
    public let root: FileRoot
    /// Bytes, of a directory that of its files.
    public let length: UInt64
    /// It was a file of a directory that is fetched, and nobody asked for it by itself.
    public let isMember: Bool

    public init(
        id: DownloadID, kind: DownloadEntry.Kind, name: ShareName, root: FileRoot, length: UInt64,
        isMember: Bool = false
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.root = root
        self.length = length
        self.isMember = isMember
    }

    init(_ download: Download, isMember: Bool) {
        self.init(
            id: download.id, kind: download.kind, name: download.name, root: download.root, length: download.length,
            isMember: isMember)
    }
}
