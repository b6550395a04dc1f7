import Content
import Wire

/// What the peer does for others: answers, piece layers, chunks.
extension PeerMachine {
    // trap: first, count: the codec has found both to be of pieces of the file, 2^20 at most
    // trap: serving: below its cap, and checked before it goes down

    mutating func answer(_ request: UInt32, _ query: FileQuery, of peer: PeerID, on connection: ConnectionID) {
        if case .tree(let name) = query { return answerTree(request, name, on: connection) }
        if let file = catalog.file(for: query) ?? shelf.manifest(for: query),
            let offer = FileOffer(root: file.root, modified: file.modified, name: file.name)
        {
            send(.have(request: request, offer), on: connection)
        } else if let download = offering(query),
            let offer = FileOffer(
                root: download.root, modified: download.modified, name: download.name,
                holding: .pieces(download.offered ?? PieceSet(pieceCount: download.plan.layout.pieceCount)))
        {
            downloads[download.id]?.followers.insert(connection)
            send(.have(request: request, offer), on: connection)
        } else {
            let isSoon = isIndexing || catalog.isSettling(query)
            send(.notHave(request: request, isSoon ? .indexing : .unknown), on: connection)
        }
        heard(peer, askingFor: query)
        guard case .root(let root) = query else { return }
        // Whoever has the list of a directory already asks for nothing else of it.
        if shelf.manifest(root) != nil { introduce(root, to: peer, on: connection) }
        metFetcher(peer, root)
    }

    /// A download whose pieces can be offered, now or soon.
    private func offering(_ query: FileQuery) -> Download? {
        downloads.values.first { download in
            guard download.isRunning || download.offered?.isEmpty == false else { return false }
            return switch query {
            case .name(let name): download.kind == .file && download.name == name
            case .root(let root): download.root == root
            case .digest(let digest): download.root.digest == digest
            case .tree: false
            }
        }
    }

    mutating func sendHashes(
        _ root: FileRoot, _ first: Int, _ count: Int, to peer: PeerID, on connection: ConnectionID
    ) {
        // The range fits the root's length (the codec checked), and so it fits the layer.
        let layer =
            catalog.file(root: root)?.layer ?? shelf.manifest(root)?.layer
            ?? downloads.values.first { $0.root == root }?.layer
        guard let layer, first + count <= layer.count else { return send(.noHashes(root), on: connection) }
        send(.hashes(root, first: first, Array(layer[first..<first + count])), on: connection)
        introduce(root, to: peer, on: connection)
    }

    /// Hands a chunk to the uploads.
    mutating func serve(_ chunk: WaitingChunk, to peer: PeerID, on connection: ConnectionID) {
        let (root, pieces) = (chunk.root, chunk.pieces)
        if let file = catalog.file(root: root) {
            emit(.serve(connection, .shared(file.name), root, pieces))
        } else if let download = downloads.values.first(where: { $0.root == root && $0.offered != nil }),
            download.offered?.count(in: pieces) == pieces.count
        {
            emit(.serve(connection, .partial(download.id), root, pieces))
        } else if shelf.manifest(root) != nil {
            emit(.serve(connection, .manifest(root.digest), root, pieces))
        } else {
            // The answer keeps its place behind the chunks that are still being sent.
            return emit(.serveNothing(connection, first: pieces.lowerBound, .gone))
        }
        // Of a file of one piece nobody has some and lacks some; unless it is the list of a directory.
        if root.length > 1 << UInt64(PieceLayout.usualPieceSizeLog2) || shelf.manifest(root) != nil {
            introduce(root, to: peer, on: connection)
        }
    }

    /// Tells a fetcher of others that fetch the same.
    private mutating func introduce(_ root: FileRoot, to peer: PeerID, on connection: ConnectionID) {
        let others = introductions.asked(root, by: peer, now: now, random: &random)
        if !others.isEmpty { send(.introduce(root, others), on: connection) }
    }

    mutating func chunkServed(_ connection: ConnectionID) {
        guard let serving = sessions[connection]?.serving, serving > 0 else { return }
        sessions[connection]?.serving = serving - 1
        sessions[connection]?.served = now
        sessions[connection]?.used = now
    }
}
