import Content
import DequeModule
import PeerCore
import Posix
import Storage
import Transport
import Wire

/// What uploads want done.
protocol UploadsOwner: AnyObject {
    var now: Moment { get }
    func submit(_ job: PeerJob)
    /// A file is not the one that was indexed any more.
    func fileChanged(_ name: ShareName)
    /// Somebody else has written to the file of a download.
    func partialChanged(_ id: DownloadID)
    /// A chunk has ended, however that came.
    func chunkServed(_ connection: ConnectionID)
    /// What is known of a file, and how it stood when it was hashed.
    func indexed(_ name: ShareName) -> KnownFile?
    /// The file of a download that runs.
    func partial(_ id: DownloadID) -> ServedFile?
    /// Call `sweep` at that time. It is asked for again only after that.
    func sweepUploads(at moment: Moment)
}

/// Serves chunks: opens files, checks that they are what was indexed, has cold data read ahead, and keeps the send queues
/// of those whose turn it is filled, a piece at a time.
///
/// Invariant: a chunk ends `complete` only if its file was still what was indexed after the last of its bytes had been
/// handed to the kernel.
final class Uploads {
    let policy: UploadPolicy
    var queues: [ConnectionID: UploadQueue] = [:]
    var turns: UploadTurns
    var files = UploadFiles()
    var meter = RateMeter()
    var isSweepAwaited = false

    init(_ policy: UploadPolicy) {
        self.policy = policy
        turns = UploadTurns(policy)
    }

    /// Files held open.
    var openCount: Int { files.count }
    var servedCount: Int { turns.servedCount }
    var waitingCount: Int { turns.waitingCount }

    /// Keeps to as many slots as a limit leaves room for.
    func limit(to rate: ByteRate?) { turns.slots = policy.slots(at: rate) }

    // MARK: What requesters do

    func add(
        _ source: ServeSource, _ root: FileRoot, _ pieces: Range<Int>, on connection: ConnectionID,
        _ transport: PeerTransport, _ owner: some UploadsOwner
    ) {
        let file = PieceLayout(length: root.length).map { UploadQueue.File(source: source, root: root, layout: $0) }
        if file != nil { files.use(source) }
        if case .partial(let id) = source, let served = owner.partial(id) { files.keep(source, served) }
        queues[connection, default: .init()].uploads.append(
            .init(file: file, first: pieces.lowerBound, end: pieces.upperBound, next: pieces.lowerBound))
        pump(connection, transport, owner)
    }

    func addNothing(
        _ first: Int, _ end: ChunkEnd, on connection: ConnectionID, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        queues[connection, default: .init()].uploads.append(
            .init(file: nil, first: first, end: first, next: first, isCancelled: end == .cancelled))
        pump(connection, transport, owner)
    }

    func cancel(
        _ root: FileRoot, first: Int, on connection: ConnectionID, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        queues[connection]?.cancel(root, first: first)
        pump(connection, transport, owner)
    }

    func drop(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        turns.forget(connection, at: owner.now)
        if let queue = queues.removeValue(forKey: connection) {
            for file in queue.uploads.compactMap(\.file) { files.release(file.source) }
            for file in queue.endings.compactMap(\.upload.file) { files.release(file.source) }
        }
        serveNext(transport, owner)
    }

    // MARK: What workers bring

    func opened(
        _ source: ServeSource, _ result: Result<ServedFile, SystemError>, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        let served = servable(source, result, owner)
        for connection in files.opened(source, served) where queues[connection] != nil {
            queues[connection]?.isWaiting = false
            if served == nil { refuse(source, result, on: connection, transport, owner) }
            pump(connection, transport, owner)
        }
    }

    private func servable(
        _ source: ServeSource, _ result: Result<ServedFile, SystemError>, _ owner: some UploadsOwner
    ) -> ServedFile? {
        guard case .shared(let name) = source else { return try? result.get() }
        switch result {
        case .success(let served) where owner.indexed(name)?.identity.hasSameBytes(as: served.identity) == true:
            return served
        case .failure(let error) where error.isOutOfDescriptors: return nil
        case .success, .failure:
            owner.fileChanged(name)
            return nil
        }
    }

    private func refuse(
        _ source: ServeSource, _ result: Result<ServedFile, SystemError>, on connection: ConnectionID,
        _ transport: PeerTransport, _ owner: some UploadsOwner
    ) {
        if case .failure(let error) = result, error.isOutOfDescriptors {
            // That this daemon is short of descriptors says nothing of the file.
            return sendAway(connection, transport, owner)
        }
        if let count = queues[connection]?.refuse(source), count > 0 { files.release(source, count: count) }
    }

    func warmed(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        queues[connection]?.isWaiting = false
        queues[connection]?.isWarm = true
        pump(connection, transport, owner)
    }

    // MARK: Serving

    /// Goes on with a connection's chunks as far as its turn and its send queue allow, then with whoever is next.
    func pump(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        serve(connection, transport, owner)
        serveNext(transport, owner)
    }

    func serveNext(_ transport: PeerTransport, _ owner: some UploadsOwner) {
        while let next = turns.admit(at: owner.now) { serve(next, transport, owner) }
        awaitSweep(transport, owner)
    }

    private func serve(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        while let queue = queues[connection], !queue.isWaiting, let upload = queue.uploads.first {
            if let ending = upload.ending {
                end(ending, on: connection, transport)
                continue
            }
            guard let file = upload.file, transport.hasRoom(connection) else { return }
            switch turns.ask(connection, of: transport.party(of: connection), at: owner.now) {
            case .waits: return
            case .full: return sendAway(connection, transport, owner)
            case .served: break
            }
            guard turns.goesOn(connection, at: owner.now) else { return turns.yield(connection, at: owner.now) }
            if readSmallFiles(on: connection, owner) { return }
            switch files.standing(of: file, owner) {
            case .ready(let served): sendNext(upload, of: file, served, on: connection, transport, owner)
            case .closed:
                queues[connection]?.isWaiting = true
                if let job = files.open(file.source, for: connection) { owner.submit(job) }
            case .replaced: end(.end(.gone), on: connection, transport)
            }
        }
        if queues[connection]?.uploads.isEmpty ?? true { turns.leave(connection, at: owner.now) }
    }

    private func sendNext(
        _ upload: UploadQueue.Upload, of file: UploadQueue.File, _ served: ServedFile, on connection: ConnectionID,
        _ transport: PeerTransport, _ owner: some UploadsOwner
    ) {
        guard files.isUnchanged(served, file.source) else {
            changed(file.source, served, owner)
            return end(.end(.gone), on: connection, transport)
        }
        let (offset, length) = (file.layout.offset(of: upload.next), file.layout.size(of: upload.next))
        // What was read ahead a moment ago is sent even if it is not in memory any more: it may never stay.
        let isWarm = queues[connection]?.isWarm == true
        guard isWarm || FileIO.isCached(served.file.rawValue, offset: offset, count: length) else {
            queues[connection]?.isWaiting = true
            let ahead = min(UInt64(policy.piecesWarmed * file.layout.pieceSize), file.layout.length - offset)
            return owner.submit(.warm(connection, served.file, offset: offset, count: Int(ahead)))
        }
        transport.send(piece: upload.next, of: served.file, offset: offset, length: length, on: connection)
        turns.spend(length, of: connection)
        queues[connection]?.uploads[0].next += 1
        queues[connection]?.uploads[0].served = served
        queues[connection]?.isWarm = false
    }

    /// A file is not what it was when it was opened. It may have been indexed again since then.
    private func changed(_ source: ServeSource, _ served: ServedFile, _ owner: some UploadsOwner) {
        files.close(source, served)
        switch source {
        case .shared(let name):
            if owner.indexed(name)?.identity.hasSameBytes(as: served.identity) == true { owner.fileChanged(name) }
        case .partial(let id): owner.partialChanged(id)
        case .manifest: break
        }
    }

    /// A file became shorter while it was sent.
    func truncated(_ file: OpenFile, _ owner: some UploadsOwner) {
        if let (source, served) = files.source(of: file) { changed(source, served, owner) }
    }

    // MARK: Ends

    /// No further piece of the first chunk will be queued. Its end waits until those that are have gone out.
    func end(_ kind: UploadQueue.Ending.Kind, on connection: ConnectionID, _ transport: PeerTransport) {
        guard let upload = queues[connection]?.uploads.popFirst() else { return }
        queues[connection]?.endings.append(.init(upload: upload, kind: kind))
        transport.reserve(on: connection)
    }

    /// Every byte of the oldest chunk that ends has gone out.
    /// - Returns: what to say of it.
    func due(_ connection: ConnectionID, _ owner: some UploadsOwner) -> Message? {
        guard let ending = queues[connection]?.endings.popFirst() else { return nil }
        let upload = ending.upload
        var kind = ending.kind
        if let file = upload.file {
            // What went out may not be what was indexed: then whoever got it must not take us for a liar.
            if let served = upload.served, !files.isUnchanged(served, file.source) {
                changed(file.source, served, owner)
                kind = .end(.gone)
            }
            files.release(file.source)
        }
        if let queue = queues[connection], queue.uploads.isEmpty, queue.endings.isEmpty { queues[connection] = nil }
        owner.chunkServed(connection)
        switch kind {
        case .end(let end): return .endOfChunk(first: upload.first, end)
        case .busy(let retryAfter): return .busy(first: upload.first, retryAfter: retryAfter)
        }
    }
}
