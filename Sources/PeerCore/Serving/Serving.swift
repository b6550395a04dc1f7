import Content
import Wire

/// What the peer does for others: answers, piece layers, chunks.
extension PeerMachine {
    mutating func answer(_ request: UInt32, _ query: FileQuery, on connection: ConnectionID) {
        guard let file = catalog.file(for: query),
            let offer = FileOffer(root: file.root, modified: file.modified, name: file.name)
        else {
            return send(
                .notHave(request: request, isIndexing || catalog.isSettling(query) ? .indexing : .unknown),
                on: connection)
        }
        send(.have(request: request, offer), on: connection)
    }

    mutating func sendHashes(_ root: FileRoot, _ first: Int, _ count: Int, on connection: ConnectionID) {
        // The range fits the root's length (the codec checked), and so it fits the layer.
        guard let file = catalog.file(root: root), first + count <= file.layer.count else {
            return send(.noHashes(root), on: connection)
        }
        send(.hashes(root, first: first, Array(file.layer[first..<first + count])), on: connection)
    }

    mutating func serve(_ root: FileRoot, _ pieces: Range<Int>, on connection: ConnectionID) {
        guard let session = sessions[connection] else { return }
        guard session.serving < WireLimits.chunksWaitingMax else {
            return refuse(connection, "more than \(WireLimits.chunksWaitingMax) chunks wait already")
        }
        guard let file = catalog.file(root: root) else {
            // The answer keeps its place behind the chunks that are still being sent.
            sessions[connection]?.serving += 1
            return emit(.serveNothing(connection, first: pieces.lowerBound))
        }
        sessions[connection]?.serving += 1
        emit(.serve(connection, file.name, root, pieces))
    }

    mutating func chunkServed(_ connection: ConnectionID) {
        guard let serving = sessions[connection]?.serving, serving > 0 else { return }
        sessions[connection]?.serving = serving - 1
        sessions[connection]?.used = now
    }
}
