import Content
import PeerCore
import Wire

/// What the machine wants done: is it allowed to want that, and what will come of it?
extension PeerWorld {
    mutating func perform(_ effect: PeerEffect) throws {
        switch effect {
        case .dial(let dial):
            try require(!dials.contains(dial), "\(dial) is dialed twice at a time")
            dials.append(dial)
        case .send(let connection, let message): try sent(message, on: connection)
        case .close(let connection, let reason):
            try require(self[connection] != nil, "\(connection) is closed twice: \(reason)")
            disconnect(connection)

        case .receivePiece(let connection, let id, let index, let length):
            try settle(connection, length)
            guard partials[id] == .open else { return }
            change(connection) { $0.receiving = Incoming(download: id, index: index, isFile: false) }
            try feed(.pieceStarted(connection))
        case .receiveFile(let connection, let id, let index, let length):
            try settle(connection, length)
            guard let manifest = trees[id] else { return }
            try require(manifest.length(at: index) == UInt64(length), "a file of \(length) bytes is no \(index)")
            change(connection) { $0.receiving = Incoming(download: id, index: index, isFile: true) }
            try feed(.pieceStarted(connection))
        case .discardPiece(let connection, let length): try settle(connection, length)
        case .passOver(let connection):
            try require(self[connection]?.receiving != nil, "nothing is coming in on \(connection)")
            change(connection) { $0.receiving = nil }
        case .serve(let connection, let source, let root, let pieces):
            try serve(source, root, pieces)
            owed.append(.chunkServed(connection))
        case .serveNothing(let connection, _, _): owed.append(.chunkServed(connection))

        case .checkLayer(let id, let root, let layer):
            let layout = try require(PieceLayout(length: root.length), "\(root) is too long")
            try require(layer.count == layout.pieceCount, "\(layer.count) digests of \(layout.pieceCount) are checked")
            let isRight = things.file(root)?.layer == layer || bench.root(of: layer, layout) == root.digest
            owed.append(.layerChecked(id, isRight: isRight))
        case .openPartial(let entry, let layer): try open(entry, layer, had: nil)
        case .reopenPartial(let entry, let layer, let pieces): try open(entry, layer, had: pieces)
        case .commit(let id, let pieces, _):
            let missing = pieces.runs.joined().first { written[id]?.contains($0) != true }
            try require(missing == nil, "piece \(missing ?? 0) of \(id) is recorded and not written")
            owed.append(.committed(id, choices.below(8) == 7 ? failure() : nil))
        case .checkPartial(let id):
            switch choices.below(8) {
            case 7: owed.append(.partialTouched(id, isThere: true))
            case 6: owed.append(.partialTouched(id, isThere: false))
            case 5: owed.append(.partialFailed(id, failure()))
            default: owed.append(.partialChecked(id))
            }
        case .verifyPartial(let id, let pieces):
            var good = pieces
            if choices.below(4) == 3 { good.remove(choices.below(8)) }
            owed.append(choices.below(8) == 7 ? .partialFailed(id, failure()) : .partialVerified(id, good))
        case .deliver(let id, let terms): try deliver(id, terms)
        case .discardPartial(let id, _):
            partials[id] = partials[id].flatMap { $0 == .open || $0 == .displaced ? nil : .unwanted }
            written[id] = nil
        case .checkSpace(let needs):
            for need in needs {
                owed.append(.spaceChecked(need.id, missing: choices.below(4) == 3 ? UInt64(choices.below(8)) : nil))
            }

        case .readManifest(let entry): read(entry)
        case .surveyTree(let entry, let manifest): survey(entry, manifest)
        case .publishFiles(let id, let files): publish(id, files)
        case .closeTree(let id, _): trees[id] = nil
        case .makeManifest(let name): owed.append(.manifestMade(name, making(name)))
        case .inspect(let request, let name): owed.append(.inspected(request, local(name)))
        case .inspectTree(let request, let name): owed.append(.inspected(request, local(name)))

        case .found(let request, _):
            try require(requests.contains(request), "\(request) hears of a file after its end")
        case .finished(let request, _), .failed(let request, _), .accepted(let request, _), .changed(let request, _),
            .surveyed(let request, _), .liftedBans(let request, _):
            try require(requests.remove(request) != nil, "\(request) is answered twice: \(effect)")
        case .wake(let moment): wakeAt = moment
        case .left: isOver = true
        case .stopServing, .keep, .forget, .banned, .lifted, .discardFiles, .keepLarge, .removeRemains, .note: break
        }
    }

    private mutating func settle(_ connection: ConnectionID, _ length: Int) throws {
        let isRight = announced.map { $0.connection == connection && $0.length == length } ?? false
        try require(isRight, "\(length) bytes are expected on \(connection), where they were not announced")
        announced = nil
    }

    // MARK: Messages

    private mutating func sent(_ message: Message, on connection: ConnectionID) throws {
        try require(self[connection] != nil, "a \(message.type) is sent after the end of \(connection)")
        try MessageTarget.check(message)
        switch message {
        case .req(let number, let query): change(connection) { $0.questions.append((number, query)) }
        case .hashesRequest(let root, let first, let count):
            change(connection) { $0.pages.append((root, first..<first + count)) }
        case .chunk(let root, let first, let count):
            change(connection) { $0.chunks.append((root, first, first..<first + count)) }
            let waiting = self[connection]?.chunks.count ?? 0
            try require(waiting <= WireLimits.chunksWaitingMax, "\(waiting) chunks wait on \(connection)")
        default: break
        }
    }

    private func serve(_ source: ServeSource, _ root: FileRoot, _ pieces: Range<Int>) throws {
        let layout = try require(PieceLayout(length: root.length), "\(root) is too long")
        try require(pieces.upperBound <= layout.pieceCount, "\(pieces) of \(layout.pieceCount) pieces are served")
        switch source {
        case .shared(let name):
            try require(machine.offered[name]?.root == root, "\(name) is served, and is not \(root)")
        case .partial(let id):
            let durable = machine.recordedPieces(of: id)?.count(in: pieces)
            try require(durable == pieces.count, "\(pieces) of \(id) are served, and not recorded")
        case .manifest(let digest): try require(digest == root.digest, "another manifest is served")
        }
    }

    // MARK: The disk

    private func failure() -> DiskFailure {
        DiskFailure(message: "write: no", code: 5, isOutOfSpace: false)
    }

    private func full() -> DiskFailure {
        DiskFailure(message: "write: full", code: 28, isOutOfSpace: true, missingBytes: 1)
    }

    private mutating func open(_ entry: DownloadEntry, _ layer: [Digest], had: PieceSet?) throws {
        if let partial = partials[entry.id], partial != .displaced {
            throw Broken(description: "the partial file of \(entry.id) is made while one is \(partial)")
        }
        let known = things.file(entry.root)
        try require(known == nil || known?.layer == layer, "a layer that does not lead to \(entry.root) is believed")
        partials[entry.id] = .opening
        let empty = PieceSet(pieceCount: layer.count)
        switch choices.below(8) {
        case 7: owed.append(.partialFailed(entry.id, full()))
        case 6: owed.append(.partialFailed(entry.id, failure()))
        case 5 where had != nil: owed.append(.partialMissing(entry.id, mayBeDelivered: choices.flag()))
        default: owed.append(.partialOpened(entry.id, had ?? empty))
        }
    }

    private mutating func deliver(_ id: DownloadID, _ terms: DeliveryTerms) throws {
        guard let download = machine.downloadStatuses.first(where: { $0.id == id }) else {
            throw Broken(description: "\(id) is delivered, and there is none")
        }
        let pieceCount = PieceLayout(length: download.root.length)?.pieceCount ?? 0
        let wanted = terms.repairing ?? PieceSet(pieceCount: pieceCount).complement
        let missing = wanted.runs.joined().first { written[id]?.contains($0) != true }
        try require(missing == nil, "\(id) is delivered without its piece \(missing ?? 0)")
        let file = SharedFile(
            name: download.name, root: download.root, modified: terms.modified,
            layer: things.file(download.root)?.layer ?? [])
        switch choices.below(7) {
        case 6 where terms.repairing != nil: owed.append(.repairPostponed(id))
        case 5: owed.append(.delivered(id, .failed(full())))
        case 4: owed.append(.delivered(id, .failed(failure())))
        case 3: owed.append(.delivered(id, .occupied("a file")))
        case 2: owed.append(.delivered(id, .unplaced(failure())))
        default: owed.append(.delivered(id, .done(file, backup: nil)))
        }
    }

    private mutating func local(_ name: ShareName) -> LocalFile {
        switch choices.below(6) {
        case 5: .failed(failure())
        case 4: .occupied("a directory")
        case 3: things.files.first { $0.name == name }.map { .file($0.root) } ?? .absent
        default: .absent
        }
    }

    // MARK: Trees

    private mutating func read(_ entry: DownloadEntry) {
        let has = written[entry.id]?.isComplete == true
        switch choices.below(6) {
        case 5: owed.append(.manifestRead(entry.id, .failed(failure())))
        case 4: owed.append(.manifestRead(entry.id, .refused("no")))
        case 3 where entry.root.digest == things.file(named: things.tree)?.root.digest:
            owed.append(.manifestRead(entry.id, .read(things.manifest)))
        default: owed.append(.manifestRead(entry.id, has ? .read(things.manifest) : .missing))
        }
    }

    private mutating func survey(_ entry: DownloadEntry, _ manifest: Manifest) {
        trees[entry.id] = manifest
        var (missing, obstacles): ([Int32], [TreeFound.Obstacle]) = ([], [])
        var (present, presentBytes) = (0, UInt64(0))
        for index in 0..<manifest.count {
            guard let length = manifest.length(at: index) else { continue }
            switch choices.below(8) {
            case 7: obstacles.append(.init(index: Int32(index), failure: .occupied("a directory")))
            case 6: (present, presentBytes) = (present + 1, presentBytes + length)
            default: missing.append(Int32(index))
            }
        }
        let found = TreeFound(
            missing: missing, present: present, presentBytes: presentBytes, obstacles: obstacles,
            block: DiskBlock(size: 4096))
        owed.append(choices.below(8) == 7 ? .treeFailed(entry.id, full()) : .treeSurveyed(entry.id, found))
    }

    private mutating func publish(_ id: DownloadID, _ files: [Int]) {
        guard let manifest = trees[id] else { return }
        let published = files.map { index in
            let name = manifest.name(at: index)
            let file = SharedFile(
                name: name, root: manifest.root(at: index) ?? FileRoot(digest: .zero, length: 0), modified: 1,
                layer: manifest.root(at: index).flatMap { things.file($0)?.layer } ?? [])
            return PublishedFile(
                index: index, delivery: choices.below(8) == 7 ? .occupied("a file") : .done(file, backup: nil))
        }
        owed.append(choices.below(8) == 7 ? .publishingFailed(id, full()) : .filesPublished(id, published))
    }

    private mutating func making(_ name: ShareName) -> ManifestMaking {
        switch choices.below(4) {
        case 3: .unfit("two names that only case tells apart")
        case 2: .pending
        default: things.file(named: name).map { .made(OfferedTree(manifest: $0.shared, length: 7)) } ?? .none
        }
    }
}

extension Things {
    func file(named name: ShareName) -> File? { files.first { $0.name == name } }
}
