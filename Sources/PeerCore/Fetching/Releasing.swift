import Content
import Wire

/// What others still send of a download that needs nothing more.
extension PeerMachine {
    /// Calls off what is still to come. A piece in the middle of its bytes cannot be called off but with its connection:
    /// where others use that, the rest is passed over, unless they would wait for it longer than for a new connection.
    mutating func releaseLanes(_ download: Download) {
        for (connection, lane) in download.currentLanes {
            let isComing = lane.receiving != nil && sessions[connection]?.chunks.first?.download == download.id
            let isSlow = isComing && isSlow(lane, for: download)
            if isSlow, let peer = download.senders[connection] { lag([peer]) }
            if isComing, isSlow || !isShared(connection, besides: download.id) {
                drop(connection, "its piece is not needed any more", as: .choice)
                continue
            }
            if isComing { passOver(connection, of: download.id) }
            cancelChunks(of: download, on: connection)
        }
    }

    /// Whether the rest of a piece would take longer than a silent holder is borne with.
    private func isSlow(_ lane: Lane, for download: Download) -> Bool {
        let pace = lane.pace(now)
        guard pace > 0, let piece = lane.receiving else { return false }
        let size = download.tree?.plan.size(of: piece) ?? download.plan.layout.size(of: piece)
        return Double(size) / pace > policy.stall.seconds
    }

    /// Whether anything else goes over a connection, in either direction.
    private func isShared(_ connection: ConnectionID, besides id: DownloadID) -> Bool {
        if let session = sessions[connection], session.serving > 0 { return true }
        return downloads.values.contains { other in
            other.id != id && (other.peer(on: connection) != nil || other.followers.contains(connection))
        }
    }

    private mutating func passOver(_ connection: ConnectionID, of id: DownloadID) {
        downloads[id]?.plan.passedOver(on: connection)
        downloads[id]?.tree?.plan.passedOver(on: connection)
        // What is asked behind it does not answer for the silence until then.
        for other in downloads.keys where other != id {
            downloads[other]?.plan.turned(to: connection, now: now)
            downloads[other]?.tree?.plan.turned(to: connection, now: now)
        }
        emit(.passOver(connection))
    }

    mutating func cancelChunks(
        of download: Download, on connection: ConnectionID, where isUnwanted: (AskedChunk) -> Bool = { _ in true }
    ) {
        for (position, chunk) in (sessions[connection]?.chunks ?? []).enumerated()
        where chunk.download == download.id && !chunk.isCancelled && isUnwanted(chunk) {
            sessions[connection]?.chunks[position].isCancelled = true
            sessions[connection]?.used = now
            let root = chunk.file.flatMap { download.tree?.manifest.root(at: $0) } ?? download.root
            send(.cancel(root, first: chunk.first, count: chunk.end - chunk.first), on: connection)
        }
    }
}
