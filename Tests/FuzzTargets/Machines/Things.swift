import Content
import PeerCore
import Storage
import Wire

/// What the swarm of a fuzzed peer has: a few files, and a directory with all kinds of things in it.
struct Things {
    struct File {
        let name: ShareName
        let root: FileRoot
        let layout: PieceLayout
        let layer: [Digest]

        var shared: SharedFile { SharedFile(name: name, root: root, modified: 1, layer: layer) }
    }

    let files: [File]
    let names: [ShareName]
    let tree: ShareName
    let manifest: Manifest

    /// The same for every input.
    static let all: Result<Things, any Error> = Result { try Things() }

    private init() throws {
        var files: [File] = []
        for (number, length) in [100, 3 << 20 + 5, 0, 70 << 20].enumerated() {
            files.append(try Things.file("a\(number)", UInt8(number + 1), length: UInt64(length)))
        }
        // Another version of the second.
        files.append(try Things.file("a1", 9, length: 2 << 20))
        tree = try ShareName("d")
        manifest = try Things.manifest(tree, large: files[1].root)
        let digest = HashBench().root(ofFile: manifest.bytes)
        files.append(
            try Things.file(tree.path, digest, length: UInt64(manifest.bytes.count), layer: [digest]))
        for index in 0..<manifest.count {
            guard let root = manifest.root(at: index), root.length < 1 << 20 else { continue }
            let layer = root.length == 0 ? [] : [root.digest]
            files.append(try Things.file(manifest.name(at: index).path, root.digest, length: root.length, layer: layer))
        }
        self.files = files
        names = files.map { $0.name } + [try ShareName("d/sub"), try ShareName("nobody")]
    }

    func file(_ root: FileRoot) -> File? { files.first { $0.root == root } }

    private static func file(_ name: String, _ version: UInt8, length: UInt64) throws -> File {
        let digest = length == 0 ? Digest.zero : try digest(version)
        let layout = try require(PieceLayout(length: length), "too long")
        let layer = try (0..<layout.pieceCount).map { piece in
            layout.pieceCount == 1 ? digest : try Things.digest(version &+ UInt8(truncatingIfNeeded: piece + 100))
        }
        return try file(name, digest, length: length, layer: layer)
    }

    private static func file(_ name: String, _ digest: Digest, length: UInt64, layer: [Digest]) throws -> File {
        let layout = try require(PieceLayout(length: length), "too long")
        let root = FileRoot(digest: digest, length: length)
        return File(name: try ShareName(name), root: root, layout: layout, layer: layer)
    }

    private static func digest(_ version: UInt8) throws -> Digest {
        try require(Digest(bytes: [UInt8](repeating: version, count: Digest.byteCount)), "no digest")
    }

    private static func manifest(_ name: ShareName, large: FileRoot) throws -> Manifest {
        func small(_ version: UInt8) throws -> Manifest.Kind {
            .file(
                FileRoot(digest: try digest(version), length: UInt64(version)), FileMode(of: 0o600 | UInt32(version)))
        }
        return try Manifest(
            name: name,
            entries: [
                .init(path: "empty", kind: .file(FileRoot(digest: .zero, length: 0), FileMode(of: 0o644))),
                .init(path: "large", kind: .file(large, FileMode(of: 0o755))),
                .init(path: "one", kind: try small(11)), .init(path: "sub", kind: .directory(.openDirectory)),
                .init(path: "sub/three", kind: try small(13)), .init(path: "sub/two", kind: try small(12)),
            ])
    }
}

extension HashBench {
    /// - Parameter bytes: of one piece.
    fileprivate func root(ofFile bytes: [UInt8]) -> Digest {
        guard let layout = PieceLayout(length: UInt64(bytes.count)) else { return .zero }
        return bytes.withUnsafeBytes { digest(of: $0, index: 0, layout) }
    }
}
