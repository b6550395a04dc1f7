import Content
import Wire

/// Small files of a tree asked and received: each is a chunk of one piece, many of them at a time, between the chunks of
/// other downloads on the same connection.
extension PeerMachine {
    /// Chunks on a connection that are left to its other downloads, which ask for fewer.
    private static var chunksSpared: Int { 128 }

    mutating func askForFiles(_ id: DownloadID, on connection: ConnectionID) {
        guard let waiting = sessions[connection]?.chunks.count else { return }
        let room = WireLimits.chunksWaitingMax - Self.chunksSpared - waiting
        guard let files = downloads[id]?.tree?.plan.ask(connection, room: room, now: now), !files.isEmpty else {
            return
        }
        for file in files {
            guard let root = downloads[id]?.tree?.manifest.root(at: file) else { continue }
            sessions[connection]?.chunks.append(AskedChunk(download: id, first: 0, end: 1, next: 0, file: file))
            send(.chunk(root, first: 0, count: 1), on: connection)
        }
    }

    mutating func fileAnnounced(_ file: Int, _ length: Int, of id: DownloadID, on connection: ConnectionID) {
        guard let manifest = downloads[id]?.tree?.manifest else {
            return emit(.discardPiece(connection, length: length))
        }
        guard manifest.length(at: file) == UInt64(length) else {
            return refuse(connection, "\(manifest.name(at: file)) has \(length) bytes, not as many as asked for")
        }
        switch downloads[id]?.tree?.plan.began(file, on: connection, now: now) {
        case .wanted: emit(.receiveFile(connection, id, index: file, length: length))
        case .late, nil: emit(.discardPiece(connection, length: length))
        }
    }

    mutating func fileReceived(_ file: Int, of id: DownloadID, on connection: ConnectionID) {
        let others = downloads[id]?.tree?.plan.received(on: connection) ?? []
        for other in others { callOff(file, of: id, on: other) }
        askForFiles(id, on: connection)
    }

    /// A file that was asked of two holders has come from one.
    private mutating func callOff(_ file: Int, of id: DownloadID, on connection: ConnectionID) {
        guard let root = downloads[id]?.tree?.manifest.root(at: file) else { return }
        downloads[id]?.tree?.plan.released(file, from: connection, isGone: false, now: now)
        for (position, chunk) in (sessions[connection]?.chunks ?? []).enumerated()
        where chunk.download == id && chunk.file == file && !chunk.isCancelled {
            sessions[connection]?.chunks[position].isCancelled = true
            send(.cancel(root, first: 0, count: 1), on: connection)
        }
    }

    mutating func fileEnded(_ chunk: AskedChunk, _ file: Int, _ end: ChunkEnd, on connection: ConnectionID) {
        guard downloads[chunk.download]?.tree != nil else { return }
        switch end {
        case .complete:
            if chunk.next < chunk.end { return refuse(connection, "a chunk that ends before its last piece") }
        case .cancelled:
            // Asking the same again would have the same answer, for ever.
            downloads[chunk.download]?.tree?.plan.released(file, from: connection, isGone: !chunk.isCancelled, now: now)
            return grow(chunk.download)
        case .gone:
            if chunk.next == chunk.end { fileWithdrawn(file, of: chunk.download, on: connection) }
            downloads[chunk.download]?.tree?.plan.released(file, from: connection, isGone: true, now: now)
            return grow(chunk.download)
        }
        askForFiles(chunk.download, on: connection)
        growFurther(chunk.download)
    }

    /// A file changed while it was sent: what came of it may be wrong, and may be judged before this is said or after.
    private mutating func fileWithdrawn(_ file: Int, of id: DownloadID, on connection: ConnectionID) {
        guard let tree = downloads[id]?.tree, let root = tree.manifest.root(at: file),
            let peer = downloads[id]?.senders[connection]
        else { return }
        if tree.plan.isJudged(file) {
            downloads[id]?.holders[peer]?.withdrawn.insert(file)
        } else {
            forgive(root, on: connection, of: id)
            downloads[id]?.tree?.liars[file]?.remove(peer)
        }
    }

    mutating func filePostponed(_ chunk: AskedChunk, _ file: Int, _ pause: Span, on connection: ConnectionID) {
        downloads[chunk.download]?.tree?.plan.released(file, from: connection, isGone: false, now: now)
        downloads[chunk.download]?.tree?.plan.postpone(connection, until: now + pause)
        seekIfStarved(chunk.download)
        grow(chunk.download)
    }

    mutating func filesStaged(_ id: DownloadID, _ files: [StagedFile]) {
        guard downloads[id]?.tree != nil else { return }
        for file in files { staged(file, of: id) }
        if files.contains(where: { $0.outcome == .stored }) { progress(id) }
        grow(id)
    }

    private mutating func staged(_ file: StagedFile, of id: DownloadID) {
        // The files before it may have ended the tree.
        guard let length = downloads[id]?.tree?.manifest.length(at: file.index) else { return }
        let peer = downloads[id]?.senders[file.connection]
        switch file.outcome {
        case .stored:
            guard downloads[id]?.tree?.plan.stored(file.index) == true else {
                // The first copy has its name, or this one could not have been written.
                return emit(.discardFiles(id, [file.index]))
            }
            downloads[id]?.tree?.wrote(file.index, now: now)
            if let peer { downloads[id]?.credit(peer, bytes: length) }
        case .superfluous: downloads[id]?.tree?.plan.failed(file.index)
        case .wrong:
            downloads[id]?.tree?.plan.wrong(file.index, from: file.connection)
            guard let peer else { break }
            let isWithdrawn = downloads[id]?.holders[peer]?.withdrawn.remove(file.index) != nil
            let root = isWithdrawn ? downloads[id]?.tree?.manifest.root(at: file.index) : nil
            if root.map({ pardons(peer, $0, in: id) }) != true {
                lied(peer, aboutFile: file.index, of: id)
            }
        case .failed(let failure) where failure.isOutOfSpace:
            downloads[id]?.tree?.plan.failed(file.index)
            diskFailed(id, failure)
        case .failed(let failure):
            downloads[id]?.tree?.plan.failed(file.index)
            downloads[id]?.tree?.plan.giveUp(file.index)
            downloads[id]?.tree?.fail(file.index, .disk(failure))
        }
    }
}
