import Content
import PeerCore
import Posix
import Storage
import Transport
import Wire

/// What uploads want done.
protocol UploadsOwner: AnyObject {
    func submit(_ job: PeerJob)
    /// A file is not the one that was indexed any more.
    func fileChanged(_ name: ShareName)
    func chunkServed(_ connection: ConnectionID)
    /// What is known of a file, and how it stood when it was hashed.
    func indexed(_ name: ShareName) -> KnownFile?
}

/// Serves chunks: opens files, checks that they are what was indexed, has cold data read ahead, and keeps each
/// connection's send queue filled, a piece at a time.
final class Uploads {
    /// Pieces that a worker reads ahead when the next one is not in memory.
    private static let piecesWarmed = 4

    private var queues: [ConnectionID: UploadQueue] = [:]
    private var files: [ShareName: ServedFile] = [:]
    private var opening: Set<ShareName> = []
    /// How many chunks that wait are of each file.
    private var uses: [ShareName: Int] = [:]

    func add(
        _ name: ShareName, _ root: FileRoot, _ pieces: Range<Int>, on connection: ConnectionID,
        _ transport: PeerTransport, _ owner: some UploadsOwner
    ) {
        let file = PieceLayout(length: root.length).map { (name: name, root: root, layout: $0) }
        if file != nil { uses[name, default: 0] += 1 }
        queues[connection, default: .init()].uploads.append(
            .init(file: file, first: pieces.lowerBound, end: pieces.upperBound, next: pieces.lowerBound))
        pump(connection, transport, owner)
    }

    func addNothing(
        _ first: Int, on connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner
    ) {
        queues[connection, default: .init()].uploads.append(.init(file: nil, first: first, end: first, next: first))
        pump(connection, transport, owner)
    }

    func cancel(_ root: FileRoot, first: Int, on connection: ConnectionID) {
        queues[connection]?.cancel(root, first: first)
    }

    func drop(_ connection: ConnectionID) {
        guard let queue = queues.removeValue(forKey: connection) else { return }
        for upload in queue.uploads { release(upload) }
    }

    func opened(
        _ name: ShareName, _ result: Result<ServedFile, SystemError>, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        opening.remove(name)
        files[name] = servable(name, result, owner)
        for (connection, queue) in queues where queue.uses(name) {
            queues[connection]?.isWaiting = false
            if files[name] == nil { refuseAll(of: name, on: connection) }
            pump(connection, transport, owner)
        }
        closeIfUnused(name)
    }

    private func servable(
        _ name: ShareName, _ result: Result<ServedFile, SystemError>, _ owner: some UploadsOwner
    ) -> ServedFile? {
        switch result {
        case .success(let served) where isIndexed(served, name, owner): return served
        // That this daemon is short of descriptors says nothing of the file.
        case .failure(let error) where error.isOutOfDescriptors: return nil
        case .success, .failure:
            owner.fileChanged(name)
            return nil
        }
    }

    private func isIndexed(_ served: ServedFile, _ name: ShareName, _ owner: some UploadsOwner) -> Bool {
        owner.indexed(name)?.identity.hasSameBytes(as: served.identity) == true
    }

    func warmed(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        queues[connection]?.isWaiting = false
        queues[connection]?.isWarm = true
        pump(connection, transport, owner)
    }

    /// Fills the connection's send queue as far as it takes more and nothing has to be waited for.
    func pump(_ connection: ConnectionID, _ transport: PeerTransport, _ owner: some UploadsOwner) {
        while let queue = queues[connection], !queue.isWaiting, let upload = queue.uploads.first {
            guard transport.hasRoom(connection) else { return }
            guard let file = upload.file else {
                end(upload, .gone, on: connection, transport, owner)
                continue
            }
            if upload.isCancelled {
                end(upload, .cancelled, on: connection, transport, owner)
            } else if upload.next == upload.end {
                end(upload, .complete, on: connection, transport, owner)
            } else if let known = owner.indexed(file.name), known.root != file.root {
                // Another version stands at the name since the chunk was asked for.
                end(upload, .gone, on: connection, transport, owner)
            } else if let served = files[file.name], isIndexed(served, file.name, owner) {
                sendNext(upload, of: served, on: connection, transport, owner)
            } else {
                open(file.name, for: connection, owner)
            }
        }
        if queues[connection]?.uploads.isEmpty == true { queues[connection] = nil }
    }

    private func sendNext(
        _ upload: UploadQueue.Upload, of served: ServedFile, on connection: ConnectionID, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        guard let file = upload.file else { return }
        // The file may have been written to since it was opened.
        guard let current = try? FileIO.identity(of: served.file.rawValue).identity,
            current.hasSameBytes(as: served.identity)
        else {
            files[file.name] = nil
            owner.fileChanged(file.name)
            return end(upload, .gone, on: connection, transport, owner)
        }
        let (offset, length) = (file.layout.offset(of: upload.next), file.layout.size(of: upload.next))
        // What was read ahead a moment ago is sent even if it is not in memory any more: it may never stay.
        let isWarm = queues[connection]?.isWarm == true
        guard isWarm || FileIO.isCached(served.file.rawValue, offset: offset, count: length) else {
            queues[connection]?.isWaiting = true
            let ahead = min(UInt64(Uploads.piecesWarmed * file.layout.pieceSize), file.layout.length - offset)
            return owner.submit(.warm(connection, served.file, offset: offset, count: Int(ahead)))
        }
        transport.send(piece: upload.next, of: served.file, offset: offset, length: length, on: connection)
        queues[connection]?.uploads[0].next += 1
        queues[connection]?.isWarm = false
    }

    private func open(_ name: ShareName, for connection: ConnectionID, _ owner: some UploadsOwner) {
        queues[connection]?.isWaiting = true
        if opening.insert(name).inserted { owner.submit(.openShared(name)) }
    }

    private func end(
        _ upload: UploadQueue.Upload, _ end: ChunkEnd, on connection: ConnectionID, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        queues[connection]?.uploads.removeFirst()
        transport.send(.endOfChunk(first: upload.first, end), on: connection)
        owner.chunkServed(connection)
        release(upload)
    }

    /// Nothing more of a file will be sent: its chunks end where they are.
    private func refuseAll(of name: ShareName, on connection: ConnectionID) {
        guard var queue = queues[connection] else { return }
        for index in queue.uploads.indices where queue.uploads[index].file?.name == name {
            let upload = queue.uploads[index]
            queue.uploads[index] = .init(file: nil, first: upload.first, end: upload.end, next: upload.next)
            release(upload)
        }
        queues[connection] = queue
    }

    private func release(_ upload: UploadQueue.Upload) {
        guard let name = upload.file?.name, let count = uses[name] else { return }
        uses[name] = count > 1 ? count - 1 : nil
        closeIfUnused(name)
    }

    /// A file stays open while somebody fetches it, and no longer: then a name that stands for another file is noticed.
    private func closeIfUnused(_ name: ShareName) {
        if uses[name] == nil { files[name] = nil }
    }

    /// Files held open, for tests.
    var openCount: Int { files.count }
}
