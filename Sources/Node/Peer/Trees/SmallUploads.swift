import Content
import PeerCore
import Wire

/// Small files are read by a worker, many at a time, and sent from memory: to open, probe and send each by itself would
/// cost the reactor more than its bytes do.
extension Uploads {
    /// Files and bytes in one job: a worker is back soon, and the send queue has enough until then.
    private static let filesAtOnce = 64
    private static let bytesAtOnce: UInt64 = 512 << 10

    /// Has the small files read that are next on a connection.
    /// - Returns: false if the next is none.
    func readSmallFiles(on connection: ConnectionID, _ owner: some UploadsOwner) -> Bool {
        var wanted: [SmallFile] = []
        var bytes: UInt64 = 0
        for upload in queues[connection]?.uploads ?? [] {
            guard wanted.count < Uploads.filesAtOnce, bytes < Uploads.bytesAtOnce, let file = small(upload, owner)
            else { break }
            wanted.append(file)
            bytes += file.root.length
        }
        guard !wanted.isEmpty else { return false }
        queues[connection]?.isWaiting = true
        owner.submit(.tree(.readSmall(connection, wanted)))
        return true
    }

    private func small(_ upload: UploadQueue.Upload, _ owner: some UploadsOwner) -> SmallFile? {
        guard let file = upload.file, !upload.isCancelled, upload.next == 0, file.root.length <= SmallFile.lengthMax,
            case .shared(let name) = file.source, let known = owner.indexed(name), known.root == file.root
        else { return nil }
        return SmallFile(name: name, root: file.root, identity: known.identity)
    }

    /// Small files were read.
    func read(
        _ connection: ConnectionID, _ read: [SmallFile], _ answer: SmallAnswer, _ transport: PeerTransport,
        _ owner: some UploadsOwner
    ) {
        for name in answer.changed { owner.fileChanged(name) }
        guard let queue = queues[connection], queue.isWaiting else { return }
        queues[connection]?.isWaiting = false
        // They are still the first, unless the requester was sent away meanwhile.
        let isStillWanted = zip(queue.uploads, read).allSatisfy { $0.file?.root == $1.root && $0.first == 0 }
        if isStillWanted, queue.uploads.count >= read.count {
            transport.send(pieces: answer.frames, on: connection)
            turns.spend(answer.fileBytes, of: connection, pieces: read.count)
            for _ in read { ended(on: connection, owner) }
        }
        pump(connection, transport, owner)
    }

    /// The first chunk is in the send queue, with its end.
    private func ended(on connection: ConnectionID, _ owner: some UploadsOwner) {
        guard let upload = queues[connection]?.uploads.popFirst() else { return }
        if let file = upload.file { files.release(file.source) }
        owner.chunkServed(connection)
    }
}
