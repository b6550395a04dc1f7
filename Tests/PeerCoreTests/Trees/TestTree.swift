import Content
import Testing
import Wire

@testable import PeerCore

/// A directory that others have.
struct TestTree {
    let name: ShareName
    let manifest: Manifest
    let root: FileRoot
    let small: [Int]
    let empty: [Int]
    let large: [Int]

    /// In the order of indices: small files, empty ones, and large ones of two pieces.
    /// - Parameter directory: in which all of them lie; then it has the first index.
    init(
        _ name: String = "tree", small: Int = 0, empty: Int = 0, large: Int = 0, inside directory: String? = nil
    ) throws {
        self.name = try ShareName(name)
        let first = directory == nil ? 0 : 1
        let directories = directory.map { [Manifest.Entry(path: $0, kind: .directory(.openDirectory))] } ?? []
        let files = (0..<small + empty + large).map { number in
            let tail = [UInt8(number / 250 + 1), UInt8(number % 250)]
            let digest = Digest(bytes: [UInt8](repeating: 0, count: 30) + tail)
            let length: UInt64 = number < small ? 4096 : number < small + empty ? 0 : 2 << 20
            let root = FileRoot(digest: length == 0 ? .zero : digest ?? .zero, length: length)
            let file = "f" + String(repeating: "0", count: 4 - "\(number)".count) + "\(number)"
            let path = directory.map { "\($0)/\(file)" } ?? file
            return Manifest.Entry(path: path, kind: .file(root, FileMode(of: 0o644)))
        }
        manifest = try Manifest(name: self.name, entries: directories + files)
        let digest = try #require(
            Digest(bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: small + large + 1 + 100 * first), count: 32)))
        root = FileRoot(digest: digest, length: UInt64(manifest.bytes.count))
        self.small = Array(first..<first + small)
        self.empty = Array(first + small..<first + small + empty)
        self.large = Array(first + small + empty..<first + small + empty + large)
    }

    func offer(modified: Int64) -> FileOffer? {
        FileOffer(root: root, modified: modified, name: name, holding: .tree(length: manifest.length))
    }

    /// By index; a directory has none.
    var roots: [FileRoot] { (0..<manifest.count).map { manifest.root(at: $0) ?? .empty } }

    func found(
        missing: [Int], obstacles: [(Int, FetchFailure)] = [], made: Int = 0, block: UInt64 = 1
    ) -> TreeFound {
        let present = manifest.count - missing.count - obstacles.count
        return TreeFound(
            missing: missing.map(Int32.init), present: present, presentBytes: 0,
            obstacles: obstacles.map { .init(index: Int32($0.0), failure: $0.1) }, madeDirectories: made,
            block: DiskBlock(size: block))
    }

    func shared(_ file: Int) -> SharedFile {
        SharedFile(name: manifest.name(at: file), root: roots[file], modified: 0, layer: [roots[file].digest])
    }
}

extension Harness {
    @discardableResult
    func wish(
        _ tree: TestTree, digest: Digest? = nil, timeout: Span = .seconds(30), local: LocalFile = .absent
    ) -> RequestID {
        let id = newRequest()
        feed(.wish(id, FetchWish(name: tree.name, tree: true, digest: digest, timeout: timeout)))
        if effects.contains(.inspectTree(id, tree.name)) { feed(.inspected(id, local)) }
        return id
    }

    /// Answers what was asked last on a connection.
    func have(_ tree: TestTree, on connection: ConnectionID) {
        guard let question = takeQuestion(on: connection),
            let offer = tree.offer(modified: 0)
        else { return }
        say(.have(request: question, offer), on: connection)
    }

    /// A tree whose manifest is kept from before, up to what is asked for after the survey.
    func grow(
        _ tree: TestTree, from peers: [UInt64], missing: [Int]? = nil, obstacles: [(Int, FetchFailure)] = [],
        made: Int = 0, block: UInt64 = 1, timeout: Span = .seconds(30)
    ) -> (RequestID, [ConnectionID]) {
        join(peers)
        let request = wish(tree, timeout: timeout)
        let connections = peers.map { connect($0) }
        for connection in connections { have(tree, on: connection) }
        feed(.manifestRead(treeDownload, .read(tree.manifest)))
        let found = tree.found(
            missing: missing ?? Array(0..<tree.manifest.count), obstacles: obstacles, made: made, block: block)
        feed(.treeSurveyed(treeDownload, found))
        return (request, connections)
    }

    /// The tree that was begun last.
    var treeDownload: DownloadID {
        effects.reversed().lazy.compactMap { if case .readManifest(let entry) = $0 { entry.id } else { nil } }.first
            ?? statuses.first { $0.kind == .tree }?.id ?? DownloadID(rawValue: 0)
    }

    /// Roots of all chunks that were asked on a connection.
    func roots(on connection: ConnectionID) -> [FileRoot] {
        sent(on: connection).compactMap { if case .chunk(let root, _, _) = $0 { root } else { nil } }
    }

    var published: [[Int]] {
        effects.compactMap { if case .publishFiles(_, let files) = $0 { files } else { nil } }
    }

    var discarded: [[Int]] {
        effects.compactMap { if case .discardFiles(_, let files) = $0 { files } else { nil } }
    }

    /// A tree that is wished for, and whose list is to be fetched from the one peer that has it.
    func beginList(_ tree: TestTree) -> (RequestID, ConnectionID) {
        join([1])
        let request = wish(tree)
        let connection = connect(1)
        have(tree, on: connection)
        feed(.manifestRead(treeDownload, .missing))
        return (request, connection)
    }

    func deliverManifest(_ tree: TestTree, on connection: ConnectionID, _ outcome: PieceOutcome = .stored) {
        say(.piece(index: 0, length: Int(tree.root.length)), on: connection)
        feed(.pieceStarted(connection))
        feed(.pieceReceived(connection))
        say(.endOfChunk(first: 0, .complete), on: connection)
        feed(.pieceStored(treeDownload, index: 0, from: connection, outcome))
    }

    /// The next file asked on a connection comes whole.
    func bring(_ file: Int, of tree: TestTree, on connection: ConnectionID) {
        let before = effects.count
        say(.piece(index: 0, length: Int(tree.roots[file].length)), on: connection)
        let isWanted = effects[before...].contains { effect in
            if case .receiveFile(connection, _, file, _) = effect { true } else { false }
        }
        #expect(isWanted, "file \(file)")
        feed(.pieceStarted(connection))
        feed(.progressed(connection, bytes: Int(tree.roots[file].length)))
        feed(.pieceReceived(connection))
        say(.endOfChunk(first: 0, .complete), on: connection)
    }

    func stage(_ files: [Int], on connection: ConnectionID, _ outcome: StagedFile.Outcome = .stored) {
        feed(
            .filesStaged(
                treeDownload, files.map { StagedFile(index: $0, connection: connection, outcome: outcome) }))
    }

    func publish(_ tree: TestTree, _ files: [Int]) {
        feed(
            .filesPublished(
                treeDownload, files.map { PublishedFile(index: $0, delivery: .done(tree.shared($0), backup: nil)) }))
    }
}
