/// A directory with all below it as one version: every file's path, root and mode, and every directory's.
///
/// Equal trees have equal bytes, and these have a root like any file's, by which the tree is known, asked for and
/// compared. Links and special files are in none, nor are times and owners: they differ where the content is the same.
///
/// A manifest is checked as a whole when it is read, so that every entry of one that exists is safe to make beneath the
/// share. It is kept as its bytes with four bytes an entry beside them, since there may be a million. The encoding is in
/// ARCHITECTURE.md, "The wire".
public struct Manifest: Sendable {
    static let magic = Array("P2PT".utf8)
    public static let version: UInt16 = 2
    /// Magic, version, mode, number of entries.
    static let headerSize = 4 + 2 + 2 + 4

    public enum Kind: Hashable, Sendable {
        case directory(FileMode)
        case file(FileRoot, FileMode)
    }

    public struct Entry: Hashable, Sendable {
        /// Below the tree, parts separated by single slashes.
        public let path: String
        public let kind: Kind

        public init(path: String, kind: Kind) {
            self.path = path
            self.kind = kind
        }
    }

    /// What the directory is called in the share.
    public let name: ShareName
    /// The directory's own.
    public let mode: FileMode
    /// The encoding.
    public let bytes: [UInt8]
    /// Files in it.
    public let fileCount: Int
    /// Bytes of all files.
    public let length: UInt64
    /// Where each entry begins.
    private let starts: [UInt32]

    /// Reads an encoding.
    /// - Parameter name: under which the directory is to stand in the share: with it, every path must be a share name.
    public init(name: ShareName, bytes: [UInt8]) throws(ManifestError) {
        var decoder = ManifestDecoder(bytes, name: name)
        try decoder.decode()
        self.name = name
        self.bytes = bytes
        mode = decoder.mode
        fileCount = decoder.fileCount
        length = decoder.length
        starts = decoder.starts
    }

    /// Makes one.
    /// - Parameters:
    ///   - mode: the directory's own.
    ///   - entries: in any order; with every directory that one of them lies in.
    public init(name: ShareName, mode: FileMode = .openDirectory, entries: [Entry]) throws(ManifestError) {
        try self.init(name: name, bytes: ManifestEncoder.encode(mode, entries))
    }

    public var count: Int { starts.count }

    /// In the order of their paths' bytes, so that a directory comes before what lies in it.
    /// - Parameter index: below `count`.
    public subscript(index: Int) -> Entry {
        Entry(path: path(at: index), kind: kind(at: index))
    }

    /// Below the tree.
    public func path(at index: Int) -> String {
        let layout = layout(at: index)
        return String(decoding: bytes[layout.path], as: UTF8.self)
    }

    /// What an entry is called in the share.
    public func name(at index: Int) -> ShareName {
        ShareName(of: path(at: index), checkedIn: name)
    }

    public func kind(at index: Int) -> Kind {
        let layout = layout(at: index)
        guard layout.isFile else { return .directory(layout.mode) }
        let length = ManifestDecoder.integer(UInt64.self, in: bytes, at: layout.path.upperBound)
        let start = layout.path.upperBound + 8  // trap: a place in the bytes at hand
        let digest = bytes.withUnsafeBytes { Digest(UnsafeRawBufferPointer(rebasing: $0[start..<layout.end])) }
        return .file(FileRoot(digest: digest ?? .zero, length: length), layout.mode)
    }

    /// nil for a directory.
    public func root(at index: Int) -> FileRoot? {
        if case .file(let root, _) = kind(at: index) { root } else { nil }
    }

    /// Bytes of a file; nil for a directory.
    public func length(at index: Int) -> UInt64? {
        let layout = layout(at: index)
        guard layout.isFile else { return nil }
        return ManifestDecoder.integer(UInt64.self, in: bytes, at: layout.path.upperBound)
    }

    private func layout(at index: Int) -> ManifestDecoder.Layout {
        ManifestDecoder.layout(in: bytes, at: Int(starts[index]))  // trap: a u32
    }
}

extension Manifest: Hashable {
    public static func == (left: Manifest, right: Manifest) -> Bool {
        left.name == right.name && left.bytes == right.bytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(bytes)
    }
}

extension ShareName {
    /// - Parameter path: that was checked together with `directory`.
    fileprivate init(of path: String, checkedIn directory: ShareName) {
        self.path = "\(directory.path)/\(path)"
    }
}
