import Content
import Wire

/// A chunk that was asked of this peer and is not handed to its uploads yet: a piece of it is still to come, or it is
/// behind such a one.
struct WaitingChunk: Equatable {
    let root: FileRoot
    let pieces: Range<Int>
    var isCancelled = false
}

/// Whoever is behind this peer in a crowd's forest asks for pieces before they are here, and is sent each as soon as it is:
/// so a file is passed on without a pause at any of them.
extension PeerMachine {
    mutating func serve(_ root: FileRoot, _ pieces: Range<Int>, on connection: ConnectionID) {
        guard let session = sessions[connection] else { return }
        guard session.serving < WireLimits.chunksWaitingMax else {
            return refuse(connection, "more than \(WireLimits.chunksWaitingMax) chunks wait already")
        }
        sessions[connection]?.serving += 1
        sessions[connection]?.waiting.append(WaitingChunk(root: root, pieces: pieces))
        serveWaiting(on: connection)
    }

    mutating func stopServing(_ root: FileRoot, first: Int, on connection: ConnectionID) {
        let position = sessions[connection]?.waiting.firstIndex {
            $0.root == root && $0.pieces.lowerBound == first && !$0.isCancelled
        }
        guard let position else { return emit(.stopServing(connection, root, first: first)) }
        sessions[connection]?.waiting[position].isCancelled = true
        serveWaiting(on: connection)
    }

    /// Chunks are answered in the order in which they were asked: what cannot be sent yet holds up what is behind it, and
    /// makes way for another file's. While this peer is out of the forest, what it lacks may be long in coming, and whoever
    /// waits is better off behind the one before it.
    mutating func serveWaiting(on connection: ConnectionID) {
        while let chunk = sessions[connection]?.waiting.first, let peer = sessions[connection]?.peer {
            let download = fetching(chunk, on: connection)
            let isLate = download.map { isOutOfForest($0) || isInTheWay(chunk, on: connection) } ?? false
            guard download == nil || isLate || chunk.isCancelled else { return }
            sessions[connection]?.waiting.removeFirst()
            if isLate || chunk.isCancelled {
                emit(.serveNothing(connection, first: chunk.pieces.lowerBound, .cancelled))
            } else {
                serve(chunk, to: peer, on: connection)
            }
        }
    }

    private func isOutOfForest(_ id: DownloadID) -> Bool {
        guard case .fetching = downloads[id]?.phase else { return false }
        return downloads[id]?.plan.branches.isLoose == true
    }

    private func isInTheWay(_ chunk: WaitingChunk, on connection: ConnectionID) -> Bool {
        sessions[connection]?.waiting.contains { $0.root != chunk.root } == true
    }

    /// The download that may bring pieces that are not here; once the file is being delivered it has all of them. Only who
    /// was told that we fetch it waits.
    private func fetching(_ chunk: WaitingChunk, on connection: ConnectionID) -> DownloadID? {
        guard catalog.file(root: chunk.root) == nil, shelf.manifest(chunk.root) == nil else { return nil }
        return downloads.keys.first { id in
            downloads[id]?.root == chunk.root
                && (downloads[id]?.isFetching == true || downloads[id]?.isFinishing == true)
                && downloads[id]?.followers.contains(connection) == true
                && downloads[id]?.offered?.count(in: chunk.pieces) != chunk.pieces.count
        }
    }

    /// What chunks wait for may have come by another way, or not come any more.
    mutating func sweepWaiting() {
        for connection in sessions.keys where sessions[connection]?.waiting.isEmpty == false {
            serveWaiting(on: connection)
        }
    }
}
