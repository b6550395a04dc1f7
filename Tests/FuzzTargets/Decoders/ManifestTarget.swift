import Content

/// A manifest that is read has one encoding, and every entry of it lies beneath its directory.
enum ManifestTarget {
    static func run(_ input: [UInt8]) throws {
        guard let name = try? ShareName("tree"), let manifest = try? Manifest(name: name, bytes: input) else { return }
        var (fileCount, length) = (0, UInt64(0))
        let entries = (0..<manifest.count).map { manifest[$0] }
        for (index, entry) in entries.enumerated() {
            let full = manifest.name(at: index)
            try require(full.isBelow(name), "\(full) is not below \(name)")
            try require((try? ShareName(full.path)) == full, "\(full) is no share name")
            guard case .file(let root, _) = entry.kind else { continue }
            try require(PieceLayout(length: root.length) != nil, "\(full) has \(root.length) bytes")
            fileCount += 1
            length += root.length
        }
        try require(manifest.fileCount == fileCount && manifest.length == length, "files are miscounted")
        try require(
            try Manifest(name: name, mode: manifest.mode, entries: entries).bytes == input, "it has another encoding")
    }
}
