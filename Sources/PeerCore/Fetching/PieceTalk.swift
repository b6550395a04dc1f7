import Content
import Wire

/// Chunks asked and pieces that come: on each connection in the order in which they were asked.
extension PeerMachine {
    /// Asks every lane for as much as it may have in flight.
    mutating func askForPieces(_ id: DownloadID) {
        takePlace(id)
        let lanes = downloads[id]?.plan.lanesToAsk(now) ?? []
        for connection in lanes { ask(id, on: connection) }
        guard downloads[id]?.plan.isSwarming == false else { return }
        // What is left over of the shares after everybody's turn goes to those who could take more.
        for connection in lanes { ask(id, on: connection) }
    }

    mutating func askForPieces(_ id: DownloadID, on connection: ConnectionID) {
        takePlace(id)
        ask(id, on: connection)
    }

    private mutating func ask(_ id: DownloadID, on connection: ConnectionID) {
        guard let root = downloads[id]?.root else { return }
        // Chunks are answered in order: what waits at the holder would hold up another download's.
        let mayWait = sessions[connection]?.chunks.contains { $0.download != id } == false
        var isFilling = false
        while let chunk = downloads[id]?.plan.nextChunk(
            for: connection, isFilling: isFilling, mayWait: mayWait, now: now)
        {
            isFilling = true
            let isAhead = downloads[id]?.plan.lanes[connection]?.holding.contains(chunk.lowerBound) == false
            sessions[connection]?.chunks.append(
                AskedChunk(
                    download: id, first: chunk.lowerBound, end: chunk.upperBound, next: chunk.lowerBound,
                    isAhead: isAhead))
            send(.chunk(root, first: chunk.lowerBound, count: chunk.count), on: connection)
        }
    }

    mutating func pieceAnnounced(_ index: Int, _ length: Int, on connection: ConnectionID) {
        guard let chunk = sessions[connection]?.chunks.first, chunk.next == index, index < chunk.end else {
            return refuse(connection, "piece \(index) was not asked for")
        }
        sessions[connection]?.chunks[0].next += 1
        if let file = chunk.file { return fileAnnounced(file, length, of: chunk.download, on: connection) }
        // Of a download nothing is held here that is also changed: the whole would be copied first, for every piece.
        guard let layout = downloads[chunk.download]?.plan.layout, let root = downloads[chunk.download]?.root else {
            return emit(.discardPiece(connection, length: length))
        }
        guard layout.size(of: index) == length else {
            return refuse(connection, "piece \(index) has \(length) bytes, not \(layout.size(of: index))")
        }
        switch downloads[chunk.download]?.plan.began(index, on: connection, now: now) {
        case .wanted: emit(.receivePiece(connection, chunk.download, index: index, length: length))
        case .late, nil: emit(.discardPiece(connection, length: length))
        }
        // Who was asked ahead does not say so otherwise.
        if chunk.isAhead { gained(root, [index..<index + 1], on: connection) }
    }

    mutating func pieceStarted(_ connection: ConnectionID) {
        guard let chunk = sessions[connection]?.chunks.first else { return }
        if chunk.file != nil {
            downloads[chunk.download]?.tree?.plan.bufferGranted(connection, now: now)
        } else {
            downloads[chunk.download]?.plan.bufferGranted(connection, now: now)
        }
    }

    mutating func progressed(_ connection: ConnectionID, bytes: Int) {
        guard let chunk = sessions[connection]?.chunks.first else { return }
        if chunk.file != nil {
            downloads[chunk.download]?.tree?.plan.progressed(connection, bytes: bytes, now: now)
        } else {
            let runsLow = downloads[chunk.download]?.plan.progressed(connection, bytes: bytes, now: now) == true
            if runsLow { askForPieces(chunk.download, on: connection) }
        }
        downloads[chunk.download]?.received &+= UInt64(bytes)
        for tree in downloads[chunk.download]?.parents ?? [] { downloads[tree]?.received &+= UInt64(bytes) }
        // It is looked at in seconds, and bytes come thousands of times in one.
        guard let last = downloads[chunk.download]?.lastBytes, last + Download.headwayPause <= now,
            let peer = sessions[connection]?.peer
        else { return }
        // Of whoever has sent wrong bytes, only what is right is headway.
        guard !strikes.hasErred(peer, now: now, within: policy.ban) else { return }
        downloads[chunk.download]?.lastBytes = now
        progress(chunk.download)
    }

    mutating func pieceReceived(_ connection: ConnectionID) {
        guard let chunk = sessions[connection]?.chunks.first else { return }
        if let file = chunk.file { return fileReceived(file, of: chunk.download, on: connection) }
        downloads[chunk.download]?.plan.received(on: connection, now: now)
        askForPieces(chunk.download, on: connection)
    }

    mutating func chunkEnded(_ first: Int, _ end: ChunkEnd, on connection: ConnectionID) {
        guard let chunk = takeChunk(first, on: connection) else { return }
        if let file = chunk.file { return fileEnded(chunk, file, end, on: connection) }
        let id = chunk.download
        guard downloads[id]?.root != nil else { return }
        switch end {
        case .complete:
            if chunk.next < chunk.end { return refuse(connection, "a chunk that ends before its last piece") }
        case .cancelled:
            // Asking the same again would have the same answer, for ever.
            if chunk.isCancelled { break }
            if chunk.isAhead {
                calledOff(chunk, on: connection)
            } else {
                loseHolder(on: connection, of: id, "it called off a chunk by itself")
            }
        case .gone: saidGone(on: connection, about: id)
        }
        giveUpIfOnlyLiars(id)
        giveUpIfHopeless(id)
        advance(id)
    }

    /// The holder has too much to do: what is left of the chunk is anybody's, and it is asked again later.
    mutating func chunkPostponed(_ first: Int, _ milliseconds: UInt32, on connection: ConnectionID) {
        guard let chunk = takeChunk(first, on: connection) else { return }
        let pause = min(max(.milliseconds(UInt64(milliseconds)), policy.busyMin), policy.busyMax)
        if let file = chunk.file { return filePostponed(chunk, file, pause, on: connection) }
        downloads[chunk.download]?.plan.postpone(connection, until: now + pause)
        seekIfStarved(chunk.download)
        advance(chunk.download)
    }

    /// Takes the oldest chunk off a connection, and gives back what did not come of it.
    private mutating func takeChunk(_ first: Int, on connection: ConnectionID) -> AskedChunk? {
        guard let chunk = sessions[connection]?.chunks.first, chunk.first == first else {
            refuse(connection, "the end of a chunk that was not asked for")
            return nil
        }
        sessions[connection]?.chunks.removeFirst()
        if let next = sessions[connection]?.chunks.first, next.download != chunk.download {
            downloads[next.download]?.plan.turned(to: connection, now: now)
            downloads[next.download]?.tree?.plan.turned(to: connection, now: now)
        }
        if chunk.file == nil, chunk.next < chunk.end {
            downloads[chunk.download]?.plan.release(chunk.next..<chunk.end, from: connection)
        }
        return chunk
    }

    /// A file that changed under its holder: what it sent before was no lie.
    private mutating func saidGone(on connection: ConnectionID, about id: DownloadID) {
        guard let download = downloads[id] else { return }
        if let peer = download.senders[connection] { downloads[id]?.holders[peer]?.saidGone = true }
        forgive(download.root, on: connection, of: id)
        loseHolder(on: connection, of: id, "it has the file no more")
    }

    /// - Parameter root: that changed.
    mutating func forgive(_ root: FileRoot, on connection: ConnectionID, of id: DownloadID) {
        guard let download = downloads[id], let peer = download.senders[connection],
            strikes.count(of: peer, root) > 0, pardons(peer, root, in: id)
        else { return }
        strikes.forgive(peer, root)
        if download.holders[peer]?.isLiar == true { downloads[id]?.holders[peer]?.state = .lost }
    }

    mutating func pieceStored(_ id: DownloadID, _ index: Int, from connection: ConnectionID, _ outcome: PieceOutcome) {
        guard let layout = downloads[id]?.plan.layout else { return }
        let peer = downloads[id]?.senders[connection]
        let isDoubted = downloads[id]?.plan.takeDoubt(of: index) == true
        defer { proveIfQuiet(id) }
        switch outcome {
        case .stored where isDoubted:
            downloads[id]?.plan.failed(index)
            advance(id)
        case .stored:
            // A second copy adds nothing, but it may be what the delivery waits for.
            guard downloads[id]?.plan.stored(index) == true else { return advance(id) }
            let isOffered = downloads[id]?.commits.wrote(index, now: now) == true
            if let peer { downloads[id]?.credit(peer, bytes: UInt64(layout.size(of: index))) }
            progress(id)
            cancelDoubles(of: index, id)
            if isOffered { offer(PieceSet(pieceCount: layout.pieceCount, piece: index), of: id) }
            commitIfDue(id)
            advance(id)
        case .wrong:
            downloads[id]?.plan.failed(index)
            if let peer { lied(peer, about: id, "piece \(index) was wrong") } else { advance(id) }
        case .failed where downloads[id]?.plan.stored.contains(index) == true:
            downloads[id]?.plan.failed(index)
            advance(id)
        case .failed(let failure):
            downloads[id]?.plan.failed(index)
            if downloads[id]?.isFetching == true { diskFailed(id, failure) }
        }
    }

    /// A piece that was asked of two holders has come from one.
    mutating func cancelDoubles(of index: Int, _ id: DownloadID) {
        guard let root = downloads[id]?.root else { return }
        for connection in downloads[id]?.plan.lanes(expecting: index) ?? [] {
            for (position, chunk) in (sessions[connection]?.chunks ?? []).enumerated()
            where chunk.download == id && chunk.first == index && chunk.end == index + 1 && !chunk.isCancelled {
                sessions[connection]?.chunks[position].isCancelled = true
                send(.cancel(root, first: chunk.first, count: 1), on: connection)
            }
        }
    }

    /// The time of those who wait for a download begins.
    mutating func beginTime(of id: DownloadID) {
        for request in downloads[id]?.requests ?? [] { requests[request]?.progressed = now }
    }

    /// Something has brought a download forward, and with it the trees that it is a file of.
    mutating func progress(_ id: DownloadID) {
        beginTime(of: id)
        for tree in downloads[id]?.parents ?? [] { progress(tree) }
    }
}
