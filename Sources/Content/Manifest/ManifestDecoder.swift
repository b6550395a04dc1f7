/// Reads the encoding of a manifest and checks all that makes it one. Nothing is allocated that the bytes at hand do not
/// account for.
struct ManifestDecoder {
    /// Where the parts of an entry lie.
    struct Layout {
        let isFile: Bool
        let mode: FileMode
        let path: Range<Int>
        /// Where the next entry begins.
        let end: Int
    }

    // trap: count, start, position, path, pathEnd, upperBound, low, high, middle: places in the bytes at hand
    // trap: entryHeaderSize, fileSize, byteCount, prefix: constants, and texts
    // trap: fileCount, length, fileLength: a million files of 4 TiB fit 64 bits

    /// Kind, mode and count of the path's bytes.
    private static let entryHeaderSize = 1 + 2 + 2
    /// Length and digest.
    private static let fileSize = 8 + Digest.byteCount

    private let bytes: [UInt8]
    private let prefix: String
    private var position = Manifest.headerSize
    private var previous: Layout?
    /// The directory that the entry before lies in.
    private var parent = 0..<0

    private(set) var mode = FileMode.openDirectory
    private(set) var starts: [UInt32] = []
    private(set) var fileCount = 0
    private(set) var length: UInt64 = 0

    init(_ bytes: [UInt8], name: ShareName) {
        self.bytes = bytes
        prefix = name.path + "/"
    }

    mutating func decode() throws(ManifestError) {
        let count = try header()
        starts.reserveCapacity(count)
        for _ in 0..<count { try entry() }
        guard position == bytes.count else { throw .trailingBytes(bytes.count - position) }
        try checkCase()
    }

    private mutating func header() throws(ManifestError) -> Int {
        guard bytes.count <= ManifestLimits.bytesMax else { throw .tooLong(bytes: UInt64(bytes.count)) }
        guard bytes.starts(with: Manifest.magic.prefix(bytes.count)) else { throw .notAManifest }
        guard bytes.count >= Manifest.headerSize else { throw .truncated }
        let version = ManifestDecoder.integer(UInt16.self, in: bytes, at: 4)
        guard version == Manifest.version else { throw .wrongVersion(version) }
        let bits = ManifestDecoder.integer(UInt16.self, in: bytes, at: 6)
        guard let mode = FileMode(bits: bits) else { throw .badMode(path: ".", bits) }
        self.mode = mode
        let count = Int(ManifestDecoder.integer(UInt32.self, in: bytes, at: 8))
        guard count <= ManifestLimits.entriesMax else { throw .tooMany(entries: UInt64(count)) }
        // The shortest entry has a path of one byte.
        let bytesMin = count * (ManifestDecoder.entryHeaderSize + 1)  // trap: a million of six bytes
        guard bytesMin <= bytes.count - position else { throw .truncated }
        return count
    }

    // MARK: Entries

    private mutating func entry() throws(ManifestError) {
        guard bytes.count - position >= ManifestDecoder.entryHeaderSize else { throw .truncated }
        guard bytes[position] <= 1 else { throw .unknownKind(bytes[position]) }
        let layout = ManifestDecoder.layout(in: bytes, at: position)
        guard layout.end <= bytes.count else { throw .truncated }
        try checkName(layout)
        try checkMode(layout)
        try checkOrder(layout)
        try checkParent(layout)
        if layout.isFile { try checkFile(layout) }
        starts.append(UInt32(position))  // trap: below ManifestLimits.bytesMax
        position = layout.end
        previous = layout
    }

    /// - Parameter start: of an entry whose header is there.
    static func layout(in bytes: [UInt8], at start: Int) -> Layout {
        let path = start + entryHeaderSize
        let pathEnd = path + Int(integer(UInt16.self, in: bytes, at: start + 3))  // trap: a place and a u16
        let isFile = bytes[start] != 0
        let mode = FileMode(of: UInt32(truncatingIfNeeded: integer(UInt16.self, in: bytes, at: start + 1)))
        return Layout(isFile: isFile, mode: mode, path: path..<pathEnd, end: isFile ? pathEnd + fileSize : pathEnd)
    }

    static func integer<T: FixedWidthInteger>(_: T.Type, in bytes: [UInt8], at position: Int) -> T {
        T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) })
    }

    private func checkName(_ layout: Layout) throws(ManifestError) {
        guard let path = String(validating: bytes[layout.path], as: UTF8.self) else {
            throw .badName(path: text(layout.path), .notUTF8)
        }
        let name: ShareName
        do throws(ShareNameError) { name = try ShareName(prefix + path) } catch { throw .badName(path: path, error) }
        let directoryDepth = layout.isFile ? name.depth - 1 : name.depth  // trap: at least 1
        guard directoryDepth <= ShareName.directoryDepthMax else { throw .tooDeep(path: path) }
        guard !layout.isFile || !name.isBackup else { throw .backup(path: path) }
    }

    private func checkMode(_ layout: Layout) throws(ManifestError) {
        let bits = ManifestDecoder.integer(UInt16.self, in: bytes, at: position + 1)
        guard bits == layout.mode.bits else { throw .badMode(path: text(layout.path), bits) }
    }

    private func checkOrder(_ layout: Layout) throws(ManifestError) {
        guard let previous else { return }
        if compare(previous.path, layout.path) { return }
        if compare(layout.path, previous.path) {
            throw .outOfOrder(path: text(layout.path), after: text(previous.path))
        }
        throw .duplicate(path: text(layout.path))
    }

    /// Entries of one directory mostly follow each other, so that few have to be looked for.
    private mutating func checkParent(_ layout: Layout) throws(ManifestError) {
        let slash = bytes[layout.path].lastIndex(of: UInt8(ascii: "/"))
        let directory = layout.path.lowerBound..<(slash ?? layout.path.lowerBound)
        if directory.isEmpty || isEqual(directory, parent) { return }
        guard let found = find(directory) else { throw .withoutParent(path: text(layout.path)) }
        guard !found.isFile else { throw .insideFile(path: text(layout.path)) }
        parent = directory
    }

    private mutating func checkFile(_ layout: Layout) throws(ManifestError) {
        let fileLength = ManifestDecoder.integer(UInt64.self, in: bytes, at: layout.path.upperBound)
        guard fileLength <= PieceLayout.maxLength else {
            throw .fileTooLong(path: text(layout.path), bytes: fileLength)
        }
        let digest = bytes[layout.path.upperBound + 8..<layout.end]
        guard fileLength > 0 || digest.allSatisfy({ $0 == 0 }) else { throw .emptyWithDigest(path: text(layout.path)) }
        fileCount += 1
        length += fileLength
    }

    // MARK: Paths

    /// The entry of a path, among those read.
    private func find(_ path: Range<Int>) -> Layout? {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            let layout = ManifestDecoder.layout(in: bytes, at: Int(starts[middle]))  // trap: a u32
            if compare(layout.path, path) { low = middle + 1 } else { high = middle }
        }
        guard low < starts.count else { return nil }
        let layout = ManifestDecoder.layout(in: bytes, at: Int(starts[low]))  // trap: a u32
        return isEqual(layout.path, path) ? layout : nil
    }

    private func compare(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        bytes.withUnsafeBufferPointer { $0[left].lexicographicallyPrecedes($0[right]) }
    }

    private func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        bytes.withUnsafeBufferPointer { $0[left].elementsEqual($0[right]) }
    }

    private func text(_ path: Range<Int>) -> String { String(decoding: bytes[path], as: UTF8.self) }

    // MARK: Case

    /// No two paths may be one but for case. Compared by hashes, so that no folded path is kept; the process's own seed
    /// keeps paths from being made whose hashes are equal.
    private func checkCase() throws(ManifestError) {
        var hashes: [(hash: Int, index: Int32)] = []
        hashes.reserveCapacity(starts.count)
        var folded: [UInt8] = []
        for index in starts.indices {
            fold(index, into: &folded)
            var hasher = Hasher()
            folded.withUnsafeBytes { hasher.combine(bytes: $0) }
            hashes.append((hasher.finalize(), Int32(index)))  // trap: below ManifestLimits.entriesMax
        }
        hashes.sort { ($0.hash, $0.index) < ($1.hash, $1.index) }
        for (one, other) in zip(hashes, hashes.dropFirst()) where one.hash == other.hash {
            try compareFolded(Int(one.index), Int(other.index))  // trap: of entries
        }
    }

    private func compareFolded(_ index: Int, _ other: Int) throws(ManifestError) {
        var (left, right): ([UInt8], [UInt8]) = ([], [])
        fold(index, into: &left)
        fold(other, into: &right)
        guard left == right else { return }
        throw .caseCollision(path: text(path(index)), other: text(path(other)))
    }

    private func fold(_ index: Int, into folded: inout [UInt8]) {
        folded.removeAll(keepingCapacity: true)
        CaseFolding.append(bytes[path(index)], to: &folded)
    }

    private func path(_ index: Int) -> Range<Int> {
        ManifestDecoder.layout(in: bytes, at: Int(starts[index])).path  // trap: a u32
    }
}
