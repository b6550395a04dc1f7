import Content
import Wire

/// Answers to those who ask for a directory.
extension PeerMachine {
    mutating func answerTree(_ request: UInt32, _ name: ShareName, on connection: ConnectionID) {
        // While it is being fetched here, what lies there is no version of it.
        guard !isFetchingTree(name) else { return send(.notHave(request: request, .unknown), on: connection) }
        if isIndexing { return send(.notHave(request: request, .indexing), on: connection) }
        if let known = shelf.making(of: name, now: now) { return answer(request, known, on: connection) }
        switch shelf.ask(name, .init(request: request, connection: connection)) {
        case .make: emit(.makeManifest(name))
        case .wait: break
        case .full: send(.notHave(request: request, .indexing), on: connection)
        }
    }

    func isFetchingTree(_ name: ShareName) -> Bool {
        downloads.values.contains { download in
            download.kind == .tree && download.name.overlaps(name)
        }
    }

    mutating func manifestMade(_ name: ShareName, _ making: ManifestMaking) {
        // It may have begun to be fetched while it was gone through, or to be so and have ended.
        let making = isFetchingTree(name) ? .none : shelf.isMixed(name) ? .pending : making
        for asker in shelf.made(name, making, now: now) where sessions[asker.connection] != nil {
            answer(asker.request, making, on: asker.connection)
        }
        while let next = shelf.next() { emit(.makeManifest(next)) }
    }

    private mutating func answer(_ request: UInt32, _ making: ManifestMaking, on connection: ConnectionID) {
        switch making {
        case .made(let tree): offer(tree, request, on: connection)
        case .pending: send(.notHave(request: request, .indexing), on: connection)
        case .unfit: send(.notHave(request: request, .unfit), on: connection)
        case .none: send(.notHave(request: request, .unknown), on: connection)
        }
    }

    private mutating func offer(_ tree: OfferedTree, _ request: UInt32, on connection: ConnectionID) {
        let offer = FileOffer(
            root: tree.manifest.root, modified: tree.manifest.modified, name: tree.manifest.name,
            holding: .tree(length: tree.length))
        guard let offer else { return send(.notHave(request: request, .unfit), on: connection) }
        send(.have(request: request, offer), on: connection)
    }
}
