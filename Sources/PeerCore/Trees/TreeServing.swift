import Content
import Wire

/// Answers to those who ask for a directory.
extension PeerMachine {
    mutating func answerTree(_ request: UInt32, _ name: ShareName, on connection: ConnectionID) {
        // While it is being fetched here, what lies there is no version of it.
        guard !isFetchingTree(name) else { return send(.notHave(request: request, .unknown), on: connection) }
        if isIndexing { return send(.notHave(request: request, .indexing), on: connection) }
        if let manifest = shelf.manifest(of: name, now: now) { return offer(manifest, request, on: connection) }
        switch shelf.ask(name, .init(request: request, connection: connection)) {
        case .make: emit(.makeManifest(name))
        case .wait: break
        case .full: send(.notHave(request: request, .indexing), on: connection)
        }
    }

    private func isFetchingTree(_ name: ShareName) -> Bool {
        downloads.values.contains { download in
            download.kind == .tree
                && (download.name == name || download.name.isBelow(name) || name.isBelow(download.name))
        }
    }

    mutating func manifestMade(_ name: ShareName, _ making: ManifestMaking) {
        for asker in shelf.made(name, making, now: now) where sessions[asker.connection] != nil {
            switch making {
            case .made(let file): offer(file, asker.request, on: asker.connection)
            case .pending: send(.notHave(request: asker.request, .indexing), on: asker.connection)
            case .none: send(.notHave(request: asker.request, .unknown), on: asker.connection)
            }
        }
    }

    private mutating func offer(_ manifest: SharedFile, _ request: UInt32, on connection: ConnectionID) {
        guard let offer = FileOffer(root: manifest.root, modified: manifest.modified, name: manifest.name) else {
            return send(.notHave(request: request, .unknown), on: connection)
        }
        send(.have(request: request, offer), on: connection)
    }
}
